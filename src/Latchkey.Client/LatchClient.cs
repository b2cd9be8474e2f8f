using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Latchkey.Client;

/// <summary>A program's line to the Latchkey daemon of its host. Thread-safe.</summary>
/// <remarks>
/// The daemon learns from the kernel which user asks, and answers about that user's own sockets; root may ask about all.
/// The extension methods of <see cref="SocketLatchExtensions"/> use one with the default path.
/// </remarks>
public sealed class LatchClient : IDisposable
{
    /// <summary>Where the daemon listens unless its configuration says otherwise.</summary>
    public const string DefaultPath = "/run/latchkey/control.sock";

    private static readonly ClientJson Json = ClientJson.Default;

    private readonly HttpClient _http;

    /// <summary>Nothing is sent before the first question.</summary>
    /// <param name="path">The daemon's control socket, <c>[daemon] control</c> in its configuration.</param>
    public LatchClient(string path = DefaultPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, cancellation) => ConnectAsync(path, cancellation), UseProxy = false })
        {
            // The name is only what HTTP/1.1 wants to hear; the socket decides who is asked.
            BaseAddress = new Uri("http://latchkey"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The daemon's control socket.</summary>
    public string Path { get; }

    internal static LatchClient Default { get; } = new();

    /// <summary>Everything the daemon knows of a connection of this user (RFC 5660 INQUIRE_LATCH).</summary>
    /// <param name="socket">A connected TCP or UDP socket.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">The daemon refused, or does not run.</exception>
    public Task<Latch> GetLatchAsync(Socket socket, CancellationToken cancellation = default) =>
        AskAsync(HttpMethod.Get, $"/connection?flow={SocketName.OfConnection(socket)}", null, Json.Latch, cancellation);

    /// <summary>Demands, wishes and choices for a connection of this user; what is not said stays as it is.</summary>
    /// <param name="socket">A connected TCP or UDP socket.</param>
    /// <param name="demand">What is wanted.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The connection as it is now.</returns>
    /// <exception cref="LatchException">The connection is not so, or may not be made so; it goes on as it was.</exception>
    public Task<Latch> DemandAsync(Socket socket, LatchDemand demand, CancellationToken cancellation = default) =>
        AskAsync(HttpMethod.Post, $"/connection?flow={SocketName.OfConnection(socket)}", demand, Json.Latch, cancellation);

    /// <summary>What a connection must be like that this user is about to make; it counts until none came for two minutes.</summary>
    /// <param name="socket">A TCP or UDP socket bound to a port, not connected yet.</param>
    /// <param name="remote">Where it will connect to.</param>
    /// <param name="demand">What is wanted. If the latch cannot be made so, connecting fails.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">No policy protects such a connection, or the daemon does not run.</exception>
    public Task ExpectLatchAsync(Socket socket, IPEndPoint remote, LatchDemand demand, CancellationToken cancellation = default) =>
        AskAsync(HttpMethod.Post, $"/connection?flow={SocketName.OfConnectionTo(socket, remote)}", demand, Json.Latch, cancellation);

    /// <summary>The LISTENER latch of a listening socket of this user.</summary>
    /// <param name="socket">A listening TCP socket, or a bound UDP socket.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">No policy protects what it accepts, or the daemon refused or does not run.</exception>
    public async Task<LatchState> GetListenerLatchAsync(Socket socket, CancellationToken cancellation = default) =>
        (await AskAsync(HttpMethod.Get, $"/listener?socket={SocketName.OfListener(socket)}", null, Json.Listener, cancellation).ConfigureAwait(false)).State;

    /// <summary>Demands, wishes and choices for every connection that will be born from a listening socket of this user.</summary>
    /// <param name="socket">A listening TCP socket, or a bound UDP socket.</param>
    /// <param name="demand">What is wanted. Connections that cannot be latched so never arrive.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="LatchException">No policy protects what it accepts, or the daemon refused or does not run.</exception>
    public async Task<LatchState> DemandOfListenerAsync(Socket socket, LatchDemand demand, CancellationToken cancellation = default) =>
        (await AskAsync(HttpMethod.Post, $"/listener?socket={SocketName.OfListener(socket)}", demand, Json.Listener, cancellation).ConfigureAwait(false)).State;

    /// <summary>
    /// Events of this user's connections, and of those born from his listening sockets, from the moment the enumeration has
    /// begun. An alert arrives before the daemon does to the connection what was chosen for it.
    /// </summary>
    /// <param name="listening">Called once, when nothing is missed any more.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    /// <exception cref="LatchException">The daemon refused, does not run, or dropped this reader because it was too slow.</exception>
    /// <exception cref="IOException">The daemon was killed meanwhile. One that is stopped in order ends the enumeration.</exception>
    public async IAsyncEnumerable<LatchEvent> EventsAsync(Action? listening = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connections/events");
        using var response = await SendAsync(request, cancellation).ConfigureAwait(false);
        listening?.Invoke();
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellation).ConfigureAwait(false))
            {
                if (item.EventType == "dropped")
                {
                    throw Read(item.Data);
                }

                yield return JsonSerializer.Deserialize(item.Data, Json.LatchEvent) ?? throw NotLatchkey();
            }
        }
    }

    /// <summary>Closes the line.</summary>
    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static LatchException Read(string error)
    {
        try
        {
            return JsonSerializer.Deserialize(error, Json.ErrorAnswer) is { } answer ? new LatchException(answer.Error, answer.Remedy) : new LatchException("the daemon refused", error);
        }
        catch (JsonException)
        {
            return new LatchException("the daemon refused", error);
        }
    }

    private async Task<T> AskAsync<T>(HttpMethod method, string path, LatchDemand? demand, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        if (demand is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(demand, Json.LatchDemand)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        using var response = await SendAsync(request, cancellation).ConfigureAwait(false);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                return await JsonSerializer.DeserializeAsync(stream, type, cancellation).ConfigureAwait(false) ?? throw NotLatchkey();
            }
        }
        catch (JsonException)
        {
            throw NotLatchkey();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new LatchException($"no Latchkey daemon answers at {Path}", "see that it runs, and that this user may pass through the folder of its control socket", e);
        }

        if (response.StatusCode == HttpStatusCode.OK)
        {
            return response;
        }

        using (response)
        {
            throw Read(await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false));
        }
    }

    private LatchException NotLatchkey() => new($"what answers at {Path} does not speak Latchkey's control API", "name the daemon's control socket");
}
