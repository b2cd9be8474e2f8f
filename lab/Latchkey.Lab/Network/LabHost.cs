using Latchkey.Lab.Judges;
using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Network;

/// <summary>A host of the laboratory: a network stack, its cards, a folder, and the programs that run on it.</summary>
public sealed class LabHost : IAsyncDisposable
{
    private readonly Laboratory _laboratory;
    private readonly List<BackgroundProcess> _processes = [];
    private readonly Dictionary<string, int> _names = [];
    private (string Id, string Uptime)? _boot;

    private LabHost(Laboratory laboratory, string name, NetworkNamespace networkNamespace)
    {
        (_laboratory, Name, Namespace) = (laboratory, name, networkNamespace);
        Folder = Directory.CreateDirectory(Path.Combine(laboratory.Folder, name)).FullName;
    }

    public string Name { get; }

    public NetworkNamespace Namespace { get; }

    /// <summary>Configuration, state, logs: everything this host writes.</summary>
    public string Folder { get; }

    public AddressPlan Plan => _laboratory.Plan;

    /// <summary>Ctrl-C was pressed.</summary>
    public CancellationToken Cancellation => _laboratory.Cancellation;

    public List<Nic> Nics { get; } = [];

    /// <summary>
    /// Comes before every command line of this host and carries it out elsewhere: in a machine whose kernel is not this one's.
    /// Empty: here.
    /// </summary>
    public IReadOnlyList<string> Through { get; set; } = [];

    /// <summary>The first card's address.</summary>
    public string Address => Nics[0].Address;

    internal static async Task<LabHost> Create(Laboratory laboratory, string name)
    {
        var host = new LabHost(laboratory, name, await NetworkNamespace.Create(laboratory.Run, name));
        await host.Namespace.Sysctl("net.ipv6.conf.default.accept_dad=0");
        return host;
    }

    /// <summary>Starts a program on this host. Its output goes to a log file in the host's folder.</summary>
    public BackgroundProcess Start(string name, IReadOnlyList<string> arguments, Action<BackgroundProcess>? prepare = null)
    {
        // The second program of one name gets a log file of its own.
        var count = _names[name] = _names.GetValueOrDefault(name) + 1;
        var log = Path.Combine(Folder, count == 1 ? $"{name}.log" : $"{name}{count}.log");
        var process = BackgroundProcess.Start(name, Namespace.Inside([.. Through, .. Booted(arguments)]), log, _laboratory.Processes, prepare);
        _processes.Add(process);
        return process;
    }

    /// <summary>
    /// From now on this is another host after its reboot: it has that one's disk, and its kernel has another boot id and has
    /// only just booted. All hosts here share one kernel, so files are laid over the real ones for the programs of this host.
    /// </summary>
    public void BootFromDiskOf(LabHost other)
    {
        var state = Directory.CreateDirectory(Path.Combine(Folder, "state"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(other.Folder, "state")))
        {
            File.Copy(file, Path.Combine(state.FullName, Path.GetFileName(file)));
        }

        _boot = (Path.Combine(Folder, "boot_id"), Path.Combine(Folder, "uptime"));
        File.WriteAllText(_boot.Value.Id, $"{Guid.NewGuid()}\n");
        File.WriteAllText(_boot.Value.Uptime, "0.00 0.00\n");
    }

    /// <summary>Gives the host an address of its own that is of no network.</summary>
    public Task<string> Have(string address) => Namespace.Ip("addr", "add", $"{address}/{(address.Contains(':', StringComparison.Ordinal) ? 128 : 32)}", "dev", Nics[0].Device);

    public Task<string> Run(params IReadOnlyList<string> arguments) => Namespace.Run([.. Through, .. arguments]);

    public Task<CommandResult> Try(TimeSpan limit, params IReadOnlyList<string> arguments) =>
        Command.Try(Namespace.Inside([.. Through, .. arguments]), limit, cancellation: _laboratory.Cancellation);

    /// <summary>The command line of one of the laboratory's own small programs.</summary>
    public IReadOnlyList<string> App(string app, params IReadOnlyList<string> arguments) =>
        ["/usr/bin/python3", "-u", _laboratory.App(app), .. arguments];

    // "ip netns exec" gives every program mounts of its own, so nobody else sees these.
    private IReadOnlyList<string> Booted(IReadOnlyList<string> arguments) => _boot is not { } boot
        ? arguments
        : [
            "sh", "-c", "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && mount --bind \"$1\" /proc/uptime && shift && exec \"$@\"", boot.Id, boot.Uptime, .. arguments,
        ];

    internal Task<Capture> Record(Nic nic, string file) =>
        Capture.Start(_laboratory, Namespace, nic.Device, Path.Combine(_laboratory.Folder, file), only: null);

    /// <summary>Gratuitous ARP or unsolicited neighbour advertisement: this address is mine now.</summary>
    internal Task Announce(Nic nic) => Run(App("announce.py", nic.Device, nic.Address));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }
    }
}
