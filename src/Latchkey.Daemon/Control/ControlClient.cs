using System.Net;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Daemon.Events;
using Latchkey.Daemon.Reports;

namespace Latchkey.Daemon.Control;

/// <summary>Asks a running daemon over its control socket.</summary>
public sealed class ControlClient : IDisposable
{
    private static readonly ReportJson Json = ReportJson.Compact;

    private readonly string _path;
    private readonly HttpClient _http;

    public ControlClient(string path)
    {
        _path = path;
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, cancellation) => Connect(path, cancellation), UseProxy = false })
        {
            // The name is only what HTTP/1.1 wants to hear; the socket decides who is asked.
            BaseAddress = new Uri("http://latchkey"),
        };
    }

    public Task<StatusReport> StatusAsync(CancellationToken cancellation) => Get("/status", Json.StatusReport, cancellation);

    public Task<LatchesReport> LatchesAsync(CancellationToken cancellation) => Get("/latches", Json.LatchesReport, cancellation);

    public Task<PeersReport> PeersAsync(CancellationToken cancellation) => Get("/peers", Json.PeersReport, cancellation);

    public Task<SasReport> SasAsync(CancellationToken cancellation) => Get("/sas", Json.SasReport, cancellation);

    public Task<FingerprintReport> FingerprintAsync(string? peer, CancellationToken cancellation) =>
        Get(peer is null ? "/fingerprint" : $"/fingerprint?peer={Uri.EscapeDataString(peer)}", Json.FingerprintReport, cancellation);

    public Task<ExplainReport> ExplainAsync(string flow, CancellationToken cancellation) =>
        Get($"/explain?flow={Uri.EscapeDataString(flow)}", Json.ExplainReport, cancellation);

    public Task<ClosedReport> CloseLatchAsync(uint latch, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, $"/latches/{latch}/close", Json.ClosedReport, cancellation);

    public Task<ReloadReport> ReloadAsync(CancellationToken cancellation) => Ask(HttpMethod.Post, "/reload", Json.ReloadReport, cancellation);

    /// <param name="key">Null: the key in use there.</param>
    /// <param name="close">Connections tied to another key may be closed.</param>
    public Task<PinChangeReport> PinAsync(string address, string? key, bool close, CancellationToken cancellation) => Ask(
        HttpMethod.Post,
        $"/pins/{Uri.EscapeDataString(address)}/pin?close={(close ? "true" : "false")}{(key is null ? "" : $"&key={Uri.EscapeDataString(key)}")}",
        Json.PinChangeReport,
        cancellation);

    public Task<PinChangeReport> UnpinAsync(string address, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, $"/pins/{Uri.EscapeDataString(address)}/unpin", Json.PinChangeReport, cancellation);

    public Task<PinChangeReport> ForgetAsync(string address, CancellationToken cancellation) =>
        Ask(HttpMethod.Post, $"/pins/{Uri.EscapeDataString(address)}/forget", Json.PinChangeReport, cancellation);

    /// <summary>The remembered events and, with <paramref name="follow"/>, those that come.</summary>
    /// <exception cref="ControlException">No daemon answers, or it dropped us because we read too slowly.</exception>
    public async IAsyncEnumerable<EventReport> EventsAsync(bool follow, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, follow ? "/events" : "/events?follow=false");
        using var response = await Send(request, cancellation).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellation).ConfigureAwait(false))
            {
                yield return item.EventType == "dropped"
                    ? throw new SlowListenerException()
                    : JsonSerializer.Deserialize(item.Data, Json.EventReport) ?? throw new ControlException($"the daemon at {_path} sent an empty event", "is it a Latchkey daemon?");
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) => Ask(HttpMethod.Get, path, type, cancellation);

    private async Task<T> Ask<T>(HttpMethod method, string path, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        using var response = await Send(request, cancellation).ConfigureAwait(false);
        return await Read(response, type, cancellation).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new ControlException($"you may not use {_path}", "run as root");
        }
        catch (HttpRequestException)
        {
            throw new ControlException($"no daemon answers at {_path}", "start one with 'latchkey run', or name its socket with --control PATH");
        }

        if (response.StatusCode == HttpStatusCode.OK)
        {
            return response;
        }

        using (response)
        {
            var error = await Read(response, Json.ErrorReport, cancellation).ConfigureAwait(false);
            throw new ControlException(error.Error, error.Remedy);
        }
    }

    private async Task<T> Read<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                return await JsonSerializer.DeserializeAsync(stream, type, cancellation).ConfigureAwait(false) ?? throw new JsonException();
            }
        }
        catch (JsonException)
        {
            throw new ControlException($"what answers at {_path} does not speak Latchkey's control API (status {(int)response.StatusCode})", "name the daemon's socket with --control PATH");
        }
    }

    private static async ValueTask<Stream> Connect(string path, CancellationToken cancellation)
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
}

/// <summary>The daemon refused, or could not be asked.</summary>
public sealed class ControlException(string problem, string remedy) : Exception($"{problem}; {remedy}")
{
    public string Problem { get; } = problem;

    public string Remedy { get; } = remedy;
}
