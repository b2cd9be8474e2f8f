using System.Net.Sockets;
using System.Text.Json;
using Latchkey.Interop.Cases;
using Latchkey.Lab;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Interop.Hosts;

/// <summary>The host that runs Latchkey. It is watched over its control socket.</summary>
public sealed class LatchkeySide : IDisposable
{
    private const string DefaultProtect = "protocol = \"tcp\"\ntrust = \"known\"\n";
    private const string DefaultPeer = "public_key_file = \"{credentials}/strongswan-ed25519.pub\"\n";

    private readonly LabHost _host;
    private readonly string _product;
    private readonly HttpClient _control;
    private Sightings<DaemonEvent> _events;
    private Sightings<string> _said;
    private BackgroundProcess? _process;
    private CancellationTokenSource? _watching;

    public LatchkeySide(LabHost host, InteropCase work, string peerAddress, Tools tools, Placeholders placeholders)
    {
        (_host, _product, _events, _said) = (host, tools.Product, new(host.Cancellation), new(host.Cancellation));
        var socket = $"{host.Folder}/control.sock";
        _control = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, cancellation) => Connect(socket, cancellation), UseProxy = false })
        {
            BaseAddress = new Uri("http://latchkey"),
        };
        var state = Directory.CreateDirectory($"{host.Folder}/state", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        File.Copy($"{tools.Credentials}/latchkey-{work.Latchkey.Key}.key", $"{state}/identity.pem");
        File.SetUnixFileMode($"{state}/identity.pem", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Configuration, placeholders.Fill(
            $"""
            [daemon]
            control = "{socket}"
            state = "{state}"
            runtime = "{host.Folder}/run"

            {(work.IsJudged ? $"[debug]\nexport_keys = \"{Keys}\"\n" : "")}
            [identity]
            {work.Latchkey.Identity}

            [ike]
            {work.Latchkey.Ike}

            [[protect]]
            name = "interop"
            {work.Latchkey.Protect ?? DefaultProtect}

            """));
        if (work.Latchkey.Peer != "none")
        {
            File.AppendAllText(Configuration, placeholders.Fill($"[[peer]]\nname = \"{work.Peer}\"\naddresses = [\"{peerAddress}\"{(work.Moves ? ", \"{peer.other}\"" : "")}{(work.IsDual ? ", \"{peer.across}\"" : "")}]\n{work.Latchkey.Peer ?? DefaultPeer}"));
        }
    }

    /// <summary>Where it exports its keys to, when the case is judged by tshark.</summary>
    public string Keys => Directory.CreateDirectory($"{_host.Folder}/keys", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    public IReadOnlyList<DaemonEvent> Events => _events.All;

    private string Configuration => $"{_host.Folder}/latchkey.toml";

    public async Task Start(TimeSpan limit)
    {
        _events = new Sightings<DaemonEvent>(_host.Cancellation);
        _said = new Sightings<string>(_host.Cancellation);
        _process = _host.Start("latchkey", [_product, "run", "--config", Configuration], p => p.ComplaintWritten += _said.Add);
        var ended = _process.WaitForLastWords(limit);
        if (!await ComesBefore(ended, _said.Wait(line => line.Contains(" ready: ", StringComparison.Ordinal), limit)))
        {
            throw new LabException($"Latchkey did not come up: {LastWords()}");
        }

        _watching = CancellationTokenSource.CreateLinkedTokenSource(_host.Cancellation);
        _ = Watch(_events, _watching.Token);
        if (!await ComesBefore(ended, _events.Wait(e => e.Kind == "daemon_started", limit)))
        {
            throw new LabException($"Latchkey does not tell its events: {LastWords()}");
        }
    }

    public async Task Stop()
    {
        await _process!.Stop(patience: TimeSpan.FromSeconds(30));
        Forget();
    }

    public async Task Kill()
    {
        await _process!.Kill();
        Forget();
    }

    public Task<DaemonEvent?> Event(Predicate<DaemonEvent> wanted, TimeSpan limit) => _events.Wait(wanted, limit);

    public async Task<JsonElement> Ask(string path)
    {
        using var document = JsonDocument.Parse(await _control.GetStringAsync(path, _host.Cancellation));
        return document.RootElement.Clone();
    }

    public string LastWords() => string.Join(" / ", _said.All.TakeLast(4));

    public void Dispose()
    {
        Forget();
        _control.Dispose();
    }

    private void Forget()
    {
        _watching?.Cancel();
        _watching?.Dispose();
        _watching = null;
    }

    private static async Task<bool> ComesBefore<T>(Task end, Task<T?> wanted)
        where T : class => await Task.WhenAny(wanted, end) == wanted && await wanted is not null;

    private async Task Watch(Sightings<DaemonEvent> events, CancellationToken cancellation)
    {
        try
        {
            using var lines = new StreamReader(await _control.GetStreamAsync("/events", cancellation));
            while (await lines.ReadLineAsync(cancellation) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    events.Add(DaemonEvent.Parse(line["data: ".Length..]));
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            // The daemon ended, or the case did.
        }
    }

    private static async ValueTask<Stream> Connect(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
