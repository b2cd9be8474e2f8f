using System.Text.RegularExpressions;
using Latchkey.Interop.Cases;
using Latchkey.Lab;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Interop.Hosts;

/// <summary>The host that runs strongSwan: charon-systemd with the kernel's ESP or its own, everything in a folder of its own.</summary>
public sealed partial class StrongSwanSide : IPeerSide
{
    private const string DefaultLocal = "auth = pubkey\npubkeys = {credentials}/strongswan-ed25519.pub\nid = strongswan.example.org\n";
    private const string DefaultRemote = "auth = pubkey\npubkeys = {credentials}/latchkey-ed25519.pub\nid = \"@#{latchkey.keyid}\"\n";

    private readonly LabHost _host;
    private BackgroundProcess? _process;

    public StrongSwanSide(LabHost host, StrongSwanPart part, string peerAddress, string credentials, Placeholders placeholders)
    {
        (_host, Log) = (host, new PeerLog(host.Cancellation));
        foreach (var (folder, files) in new Dictionary<string, string[]>
        {
            ["private"] = [$"strongswan-{part.Key}.key"],
            ["pubkey"] = [],
            ["x509"] = [],
            ["x509ca"] = [.. part.Cacerts],
            ["x509crl"] = [],
        })
        {
            var made = Directory.CreateDirectory($"{Folder}/{folder}").FullName;
            foreach (var file in files)
            {
                File.Copy($"{credentials}/{file}", $"{made}/{file}");
            }
        }

        File.WriteAllText($"{_host.Folder}/strongswan.conf", placeholders.Fill(
            $$"""
            charon-systemd {
              load_modular = no
              load = random nonce openssl aes sha1 sha2 hmac kdf gcm ccm ctr chapoly curve25519 pem pkcs1 pkcs8 x509 revocation constraints pubkey socket-default {{(part.Libipsec ? "kernel-libipsec " : "")}}kernel-netlink vici updown
              filelog { stderr { default = 1
                cfg = 2 } }
              interfaces_ignore = {{Machine.Control}}
              journal { default = -1 }
              plugins { vici { socket = {{Uri}} } }
              {{part.Charon}}
            }
            swanctl { load = random nonce openssl pem pkcs1 pkcs8 x509 pubkey curve25519 }
            """));
        File.WriteAllText($"{Folder}/swanctl.conf", placeholders.Fill(
            $$"""
            connections { interop {
              version = 2
              local_addrs = {{host.Address}}
              remote_addrs = {{peerAddress}}
              {{part.Connection}}
              local { {{part.Local ?? DefaultLocal}}
              }
              remote { {{part.Remote ?? DefaultRemote}}
              }
              children { child {
                mode = transport
                local_ts = dynamic[tcp]
                remote_ts = dynamic[tcp]
                {{part.Child}}
              } }
            } }
            secrets {
              {{part.Secrets}}
            }
            """));
    }

    private string Folder => $"{_host.Folder}/swanctl";

    private string Uri => $"unix://{_host.Folder}/vici";

    public PeerLog Log { get; }

    public async Task Start(TimeSpan limit)
    {
        // It takes commands once it has its threads; the file of its socket is there a moment earlier.
        var up = Log.Wait(Log.Lines.Count, Spawning(), limit);
        _process = _host.Start("charon", [.. Environment, "/usr/sbin/charon-systemd"], p => p.ComplaintWritten += Log.Add);
        if (await Task.WhenAny(up, _process.WaitForLastWords(limit)) != up || await up is null)
        {
            throw new LabException($"strongSwan did not come up: {string.Join(" / ", Log.Lines.TakeLast(4))}");
        }

        var loaded = await Control(limit, "--load-all", "--noprompt");
        if (loaded.Status != 0)
        {
            throw new LabException($"swanctl --load-all: {loaded.Output} {loaded.Complaint}");
        }
    }

    public Task Stop() => _process!.Stop(patience: TimeSpan.FromSeconds(30));

    public Task Kill() => _process!.Kill();

    public Task<CommandResult> Initiate(TimeSpan limit) => Control(limit, "--initiate", "--child", "child", "--timeout", "60");

    public async Task<(int Ike, int Children, string Said)> Sas(TimeSpan limit)
    {
        var list = (await Control(limit, "--list-sas")).Output;
        return (Established().Count(list), Installed().Count(list), list);
    }

    public Task<CommandResult> Control(TimeSpan limit, params IReadOnlyList<string> arguments) =>
        _host.Try(limit, [.. Environment, "swanctl", .. arguments, "--uri", Uri]);

    private IReadOnlyList<string> Environment => ["env", $"STRONGSWAN_CONF={_host.Folder}/strongswan.conf", $"SWANCTL_DIR={Folder}"];

    [GeneratedRegex("spawning .* worker threads")]
    private static partial Regex Spawning();

    [GeneratedRegex(", ESTABLISHED, ")]
    private static partial Regex Established();

    [GeneratedRegex(", INSTALLED, ")]
    private static partial Regex Installed();
}
