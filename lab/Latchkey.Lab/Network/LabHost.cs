using Latchkey.Lab.Processes;

namespace Latchkey.Lab.Network;

/// <summary>A host of the laboratory: a network stack, its cards, a folder, and the programs that run on it.</summary>
public sealed class LabHost : IAsyncDisposable
{
    private readonly Laboratory _laboratory;
    private readonly List<BackgroundProcess> _processes = [];
    private readonly Dictionary<string, int> _names = [];

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
        var process = BackgroundProcess.Start(name, Namespace.Inside(arguments), log, _laboratory.Processes, prepare);
        _processes.Add(process);
        return process;
    }

    public Task<string> Run(params IReadOnlyList<string> arguments) => Namespace.Run(arguments);

    public Task<CommandResult> Try(TimeSpan limit, params IReadOnlyList<string> arguments) =>
        Command.Try(Namespace.Inside(arguments), limit, cancellation: _laboratory.Cancellation);

    /// <summary>The command line of one of the laboratory's own small programs.</summary>
    public IReadOnlyList<string> App(string app, params IReadOnlyList<string> arguments) =>
        ["/usr/bin/python3", "-u", _laboratory.App(app), .. arguments];

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
