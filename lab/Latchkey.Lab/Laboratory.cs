using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Lab;

/// <summary>
/// The hosts, links and files of one run of one scenario. Disposing takes all of it away again; what a killed run could
/// not take away, <see cref="Leftovers"/> does.
/// </summary>
public sealed class Laboratory : IAsyncDisposable
{
    /// <summary>Where runs keep their files. Short, because Unix socket paths end after 107 characters.</summary>
    internal const string Root = "/tmp/latchkey-lab";

    private static int _runs;
    private readonly List<LabHost> _hosts = [];
    private readonly bool _keep;

    public Laboratory(AddressPlan plan, bool keep, CancellationToken cancellation)
    {
        (Plan, _keep, Cancellation) = (plan, keep, cancellation);
        Run = $"{Environment.ProcessId}.{Interlocked.Increment(ref _runs)}";
        Folder = Directory.CreateDirectory(Path.Combine(Root, Run)).FullName;
        Processes = new ProcessRegister(Path.Combine(Folder, Leftovers.ProcessFile));
        new ProcessRegister(Path.Combine(Folder, Leftovers.OwnerFile)).Note(Environment.ProcessId);
    }

    /// <summary>Names this run in namespaces and folders.</summary>
    public string Run { get; }

    public string Folder { get; }

    public AddressPlan Plan { get; }

    public ProcessRegister Processes { get; }

    /// <summary>Ctrl-C was pressed.</summary>
    public CancellationToken Cancellation { get; }

    public async Task<Wire> Link(int number = 1)
    {
        Cancellation.ThrowIfCancellationRequested();
        return await Wire.Create(this, number);
    }

    /// <summary>A host without cards.</summary>
    public async Task<LabHost> Host(string name)
    {
        Cancellation.ThrowIfCancellationRequested();
        var host = await LabHost.Create(this, name);
        _hosts.Add(host);
        return host;
    }

    /// <summary>A host with one card, not plugged in yet.</summary>
    /// <param name="number">The last part of its address on the link.</param>
    public async Task<LabHost> Host(string name, Wire wire, int number, bool offload = false)
    {
        var host = await Host(name);
        await Connect(host, wire, number, offload);
        return host;
    }

    /// <summary>Gives a host a further card.</summary>
    public async Task<Nic> Connect(LabHost host, Wire wire, int number, bool offload = false)
    {
        var nic = await Nic.Install(host, wire, Plan.Address(wire.Number, number), _hosts.IndexOf(host) + 1, offload);
        host.Nics.Add(nic);
        return nic;
    }

    /// <summary>The path of one of the programs of lab/apps. They lie together, because some use others.</summary>
    public string App(string name)
    {
        var apps = Path.Combine(Folder, "apps");
        lock (_hosts)
        {
            if (!Directory.Exists(apps))
            {
                Unpack(Directory.CreateDirectory(apps).FullName);
            }
        }

        var file = Path.Combine(apps, name);
        return File.Exists(file) ? file : throw new LabException($"there is no program {name}");
    }

    private static void Unpack(string folder)
    {
        var assembly = typeof(Laboratory).Assembly;
        foreach (var name in assembly.GetManifestResourceNames())
        {
            using var source = assembly.GetManifestResourceStream(name)!;
            using var target = File.Create(Path.Combine(folder, name));
            source.CopyTo(target);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        // By name, so that one that was only half made when the run was interrupted goes too.
        foreach (var name in NetworkNamespace.All(Run))
        {
            await NetworkNamespace.Remove(name);
        }

        if (_keep)
        {
            Leftovers.Release(Folder);
        }
        else
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
