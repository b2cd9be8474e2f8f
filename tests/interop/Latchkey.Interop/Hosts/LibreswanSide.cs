using System.Text.RegularExpressions;
using Latchkey.Interop.Cases;
using Latchkey.Lab;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Interop.Hosts;

/// <summary>The host that runs Libreswan: pluto with the kernel's ESP, everything in a folder of its own. It is not installed, as Debian's package expels strongSwan's.</summary>
public sealed partial class LibreswanSide : IPeerSide
{
    /// <summary>Where pluto looks for its helpers.</summary>
    private const string Helpers = "/usr/libexec/ipsec";

    private readonly LabHost _host;
    private readonly LibreswanPart _part;
    private readonly string _unpacked;
    private readonly string _credentials;
    private BackgroundProcess? _process;

    /// <param name="unpacked">The folder with the files of Debian's package.</param>
    public LibreswanSide(LabHost host, LibreswanPart part, string peerAddress, string unpacked, string credentials, Placeholders placeholders)
    {
        (_host, _part, _unpacked, _credentials, Log) = (host, part, unpacked, credentials, new PeerLog(host.Cancellation));
        foreach (var folder in new[] { Run, Groups })
        {
            Directory.CreateDirectory(folder);
        }

        if (part.Group is { } group)
        {
            File.WriteAllText($"{Groups}/interop", placeholders.Fill(group));
        }

        File.WriteAllText(Configuration, placeholders.Fill(
            $"""
            config setup
                nssdir={Database}
                dumpdir={Run}
                virtual-private=
            conn interop
                left={host.Address}
                right={(part.Group is null ? $"{peerAddress}\n    leftprotoport=tcp\n    rightprotoport=tcp" : "%opportunisticgroup")}
                type=transport
                ikev2=insist
                leftupdown=%disabled
                auto=ignore
                {Indented(part.Conn)}

            """));
        File.WriteAllText($"{host.Folder}/ipsec.secrets", placeholders.Fill(part.Secrets));
    }

    public PeerLog Log { get; }

    private string Configuration => $"{_host.Folder}/ipsec.conf";

    private string Run => $"{_host.Folder}/run";

    private string Groups => $"{_host.Folder}/ipsec.d/policies";

    private string Database => $"{_host.Folder}/nss";

    public async Task Start(TimeSpan limit)
    {
        if (!Directory.Exists(Database))
        {
            await MakeDatabase();
            await _host.Run("mount", "--bind", $"{_unpacked}/usr/libexec", "/usr/libexec");
        }

        var socket = $"{Run}/pluto.ctl";
        File.Delete(socket);
        File.Delete($"{Run}/pluto.pid");
        _process = _host.Start(
            "pluto",
            [
                $"{Helpers}/pluto", "--config", Configuration, "--nssdir", Database, "--rundir", Run, "--ipsecdir", $"{_host.Folder}/ipsec.d",
                "--secretsfile", $"{_host.Folder}/ipsec.secrets", "--stderrlog", "--use-xfrm", "--nofork", "--no-dnssec",
            ],
            p => p.ComplaintWritten += Log.Add);
        if (!await SocketFile.Appears(socket, _process, limit))
        {
            throw new LabException($"pluto did not come up: {string.Join(" / ", Log.Lines.TakeLast(4))}");
        }

        await Must(limit, [$"{Helpers}/whack", "--rundir", Run, "--listen"]);
        await Must(limit, [$"{Helpers}/addconn", "--config", Configuration, "--ctlsocket", socket, "interop"]);
        foreach (var command in _part.Whack)
        {
            await Must(limit, [$"{Helpers}/whack", "--rundir", Run, .. command.Split(' ')]);
        }
    }

    private async Task MakeDatabase()
    {
        Directory.CreateDirectory(Database);
        await Command.Run("certutil", "-N", "-d", $"sql:{Database}", "--empty-password");
        if (_part.Key is { } key)
        {
            var (file, bundle) = ($"{_credentials}/libreswan-{key}", $"{_host.Folder}/libreswan.p12");
            await Command.Run("openssl", "pkcs12", "-export", "-inkey", $"{file}.key", "-in", $"{file}.crt", "-name", "libreswan", "-passout", "pass:", "-out", bundle);
            await Command.Run("certutil", "-A", "-d", $"sql:{Database}", "-n", "authority", "-t", "CT,,", "-a", "-i", $"{_credentials}/ca.pem");
            await Command.Run("pk12util", "-i", bundle, "-d", $"sql:{Database}", "-W", "");
        }
    }

    public Task Stop() => _process!.Stop(patience: TimeSpan.FromSeconds(30));

    public Task Kill() => _process!.Kill();

    public async Task<CommandResult> Initiate(TimeSpan limit)
    {
        var result = await Control(limit, "--initiate", "--name", "interop");
        return result with { Status = result.Output.Contains("established Child SA", StringComparison.Ordinal) ? 0 : 1 };
    }

    public Task<CommandResult> Control(TimeSpan limit, params IReadOnlyList<string> arguments) => _host.Try(limit, [$"{Helpers}/whack", "--rundir", Run, .. arguments]);

    public async Task<(int Ike, int Children, string Said)> Sas(TimeSpan limit)
    {
        var status = (await Control(limit, "--status")).Output;
        return (Count(IkeSas(), status), Count(ChildSas(), status), string.Join(" / ", status.Split('\n').Where(line => line.Contains(" SAs: ", StringComparison.Ordinal))));
    }

    /// <summary>Those that are authenticated and those that are not (RFC 7619).</summary>
    private static int Count(Regex counter, string status) => counter.Match(status) is { Success: true } found ? found.Groups.Values.Skip(1).Sum(count => int.Parse(count.Value)) : 0;

    private static string Indented(string lines) => string.Join("\n    ", lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private async Task Must(TimeSpan limit, IReadOnlyList<string> command)
    {
        var result = await _host.Try(limit, command);
        if (result.Status != 0)
        {
            throw new LabException($"{string.Join(' ', command)} ended with status {result.Status}: {result.Output} {result.Complaint}");
        }
    }

    [GeneratedRegex(@"IKE SAs: total\(\d+\), half-open\(\d+\), open\(\d+\), authenticated\((\d+)\), anonymous\((\d+)\)")]
    private static partial Regex IkeSas();

    [GeneratedRegex(@"IPsec SAs: total\((\d+)\)")]
    private static partial Regex ChildSas();
}
