using System.Text.Json;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Daemons;

/// <summary>The product itself, <c>latchkey run</c>, on one host; asked and watched only through its own command line.</summary>
public sealed class LatchkeyDaemon
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly LabHost _host;
    private readonly IReadOnlyList<string> _through;
    private Sightings<DaemonEvent> _events;
    private BackgroundProcess? _process;

    private LatchkeyDaemon(LabHost host, IReadOnlyList<string> through) => (_host, _through, _events) = (host, through, new(host.Cancellation));

    /// <summary>What the daemon told so far, since its last start.</summary>
    public IReadOnlyList<DaemonEvent> Events => _events.All;

    /// <summary>The folder of exported keys.</summary>
    public string Keys => KeysPath(_host.Folder);

    /// <summary>Starts the daemon and waits until it answers.</summary>
    /// <param name="through">A program that runs it, with its arguments; null: none.</param>
    public static async Task<LatchkeyDaemon> Start(LabHost host, DaemonConfiguration configuration, IReadOnlyList<string>? through = null)
    {
        var daemon = new LatchkeyDaemon(host, through ?? []);
        Directory.CreateDirectory(KeysPath(host.Folder));
        await daemon.Configure(configuration);
        await daemon.Start();
        return daemon;
    }

    /// <summary>Writes another configuration and has the daemon read it.</summary>
    /// <returns>What the command says, also when it refuses.</returns>
    public async Task<ReloadResult> Reload(DaemonConfiguration configuration)
    {
        await Configure(configuration);
        var result = await Try("reload", "--json");
        return ReloadResult.Parse(result.Output.Length > 0 ? result.Output : throw new LabException($"'latchkey reload' on {_host.Name}: {result.Complaint.Trim()}"));
    }

    /// <summary>SIGHUP, as a service manager does.</summary>
    public Task Hangup() => _process!.Signal("HUP");

    /// <summary>Writes the configuration; it counts from the next start or reload.</summary>
    public Task Configure(DaemonConfiguration configuration) =>
        File.WriteAllTextAsync(ConfigurationFile, configuration.ToToml(_host.Folder));

    /// <summary>The latch journal, which the daemon leaves to the next one of the same boot.</summary>
    public string Journal => Path.Combine(RuntimePath(_host.Folder), "latches.journal");

    public Task Start() => Start([.. _through, .. Product.Executable, "run", "--config", ConfigurationFile]);

    /// <summary>As if the host had booted since: this daemon alone sees another boot id. Its sockets are still there.</summary>
    public async Task StartInAnotherBoot()
    {
        var bootId = Path.Combine(_host.Folder, "boot_id");
        await File.WriteAllTextAsync(bootId, $"{Guid.NewGuid()}\n", _host.Cancellation);
        // A program started in a network namespace has its mounts for itself (ip-netns(8)).
        await Start(["sh", "-c", "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"", bootId, .. Product.Executable, "run", "--config", ConfigurationFile]);
    }

    private async Task Start(IReadOnlyList<string> command)
    {
        var events = _events = new Sightings<DaemonEvent>(_host.Cancellation);
        _process = _host.Start("latchkey", command);
        var end = Moment.Now.Milliseconds + StartLimit.TotalMilliseconds;
        // A killed daemon leaves its socket behind, so the file alone says nothing; without it there is nobody to ask.
        while (!File.Exists(ControlPath(_host.Folder)) || (await Try("status", "--json")).Status != 0)
        {
            if (_process.HasExited || Moment.Now.Milliseconds > end)
            {
                throw new LabException($"the daemon of {_host.Name} did not come up: {LastWords()}");
            }

            await Task.Delay(20, _host.Cancellation);
        }

        _host.Start("events", [.. Product.Executable, "events", "--json", "--follow", "--control", ControlPath(_host.Folder)], p => p.LineWritten += line =>
            events.Add(DaemonEvent.Parse(line)));
        if (await Event(e => e.Kind == "daemon_started", TimeSpan.FromSeconds(10)) is null)
        {
            throw new LabException($"the daemon of {_host.Name} does not tell its events");
        }
    }

    /// <summary>The power cord: SIGKILL.</summary>
    public Task Kill() => _process!.Kill();

    /// <summary>SIGTERM, as a service manager does.</summary>
    public Task Stop() => _process!.Stop();

    /// <summary>Takes the protection away that the daemon left; it must not run.</summary>
    public Task Unprotect() => _host.Run([.. Product.Executable, "unprotect", "--config", ConfigurationFile]);

    /// <summary>Runs a command of the product against this daemon, which may refuse it.</summary>
    public Task<CommandResult> Try(params IReadOnlyList<string> arguments) =>
        _host.Try(TimeSpan.FromSeconds(10), [.. Product.Executable, .. arguments, "--control", ControlPath(_host.Folder)]);

    /// <summary>The same; it must succeed.</summary>
    public async Task<string> Ask(params IReadOnlyList<string> arguments)
    {
        var result = await Try(arguments);
        return result.Status == 0
            ? result.Output
            : throw new LabException($"'latchkey {string.Join(' ', arguments)}' on {_host.Name} ended with status {result.Status}: {result.Complaint.Trim()}");
    }

    /// <summary>The same, with <c>--json</c>.</summary>
    public async Task<JsonElement> AskJson(params IReadOnlyList<string> arguments)
    {
        using var document = JsonDocument.Parse(await Ask([.. arguments, "--json"]));
        return document.RootElement.Clone();
    }

    /// <summary>The fingerprint of this host's key; with a peer's address, of that peer's.</summary>
    public async Task<string> Fingerprint(params IReadOnlyList<string> peer) => (await AskJson(["fingerprint", .. peer])).GetProperty("fingerprint").GetString()!;

    public async Task<IReadOnlyList<JsonElement>> IkeSas() => [.. (await AskJson("sas")).GetProperty("ike_sas").EnumerateArray()];

    public async Task<IReadOnlyList<JsonElement>> Latches() => [.. (await AskJson("latches")).GetProperty("latches").EnumerateArray()];

    /// <summary><c>latchkey rotate</c>: a new key, used from the next start.</summary>
    public async Task<string> Rotate()
    {
        var result = await _host.Try(TimeSpan.FromSeconds(30), [.. Product.Executable, "rotate", "--config", ConfigurationFile]);
        return result.Status == 0 ? result.Output : throw new LabException($"'latchkey rotate' on {_host.Name} ended with status {result.Status}: {result.Complaint.Trim()}");
    }

    /// <summary>What <c>latchkey check</c> says of the configuration.</summary>
    public async Task<JsonElement> Check()
    {
        var result = await _host.Try(TimeSpan.FromSeconds(30), [.. Product.Executable, "check", "--json", "--config", ConfigurationFile]);
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    /// <summary>The first event so far or to come that is wanted; null when the time is up.</summary>
    public Task<DaemonEvent?> Event(Predicate<DaemonEvent> wanted, TimeSpan limit) => _events.Wait(wanted, limit);

    /// <summary>The daemon's log.</summary>
    public string Log()
    {
        using var reader = new StreamReader(new FileStream(_process!.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    internal static string ControlPath(string folder) => $"{folder}/control.sock";

    internal static string RuntimePath(string folder) => $"{folder}/run";

    internal static string KeysPath(string folder) => $"{folder}/keys";

    private string ConfigurationFile => Path.Combine(_host.Folder, "latchkey.toml");

    private string LastWords() => string.Join(" / ", Log().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(5));
}
