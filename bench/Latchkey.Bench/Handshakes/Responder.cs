using Latchkey.Bench.Peers;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Handshakes;

/// <summary>A daemon that answers.</summary>
internal abstract class Responder
{
    public static IReadOnlyList<Responder> All { get; } = [new LatchkeyResponder(), new CharonResponder()];

    public abstract string Name { get; }

    /// <summary>Whether it knows this key exchange.</summary>
    public abstract bool Knows(string method);

    /// <summary>Starts it on a host of its own.</summary>
    /// <param name="peer">The initiator's address.</param>
    /// <returns>Its process, once it answers.</returns>
    public abstract Task<BackgroundProcess> Start(LabHost host, string peer, string secret);

    /// <summary>Child SAs that it says it has made, once it has ended.</summary>
    public abstract int Children(LabHost host);

    protected static int LinesWith(string file, string text) => File.Exists(file) ? File.ReadLines(file).Count(line => line.Contains(text, StringComparison.Ordinal)) : 0;
}

/// <summary>The product, with a shared key; everything else is its default.</summary>
internal sealed class LatchkeyResponder : Responder
{
    public override string Name => "latchkey";

    public override bool Knows(string method) => true;

    public override async Task<BackgroundProcess> Start(LabHost host, string peer, string secret)
    {
        var file = Path.Combine(host.Folder, "secret");
        await File.WriteAllTextAsync(file, secret);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "latchkey.toml"), $"""
            [daemon]
            control = "{host.Folder}/control.sock"
            state = "{host.Folder}/state"
            runtime = "{host.Folder}/run"

            [[protect]]
            name = "bench"
            protocol = "tcp"
            trust = "known"

            [[peer]]
            name = "initiator"
            addresses = ["{peer}"]
            auth = "psk"
            secret_file = "{file}"
            """);
        var daemon = host.Start(Name, [Path.Combine(Repository.Root, "artifacts", "latchkey", "latchkey"), "run", "--config", $"{host.Folder}/latchkey.toml"]);
        await Peer.Until(() => Task.FromResult(LinesWith(Log(host), "ready: ") > 0), $"the daemon did not come up, see {Log(host)}");
        return daemon;
    }

    public override int Children(LabHost host) => LinesWith(Log(host), "child_sa_established");

    private string Log(LabHost host) => Path.Combine(host.Folder, $"{Name}.log");
}

/// <summary>strongSwan, with a shared key. Its Child SAs are kernel-libipsec's, which knows tunnel mode only.</summary>
internal sealed class CharonResponder : Responder
{
    public override string Name => "charon";

    // strongSwan 5.9, Debian 12's, has no ML-KEM.
    public override bool Knows(string method) => method != Methods.Hybrid;

    public override async Task<BackgroundProcess> Start(LabHost host, string peer, string secret) => (await Charon.Start(
        host,
        settings: """
            block_threshold = 0
            cookie_threshold = 0
            init_limit_half_open = 0
            """,
        plugins: """
            kernel-libipsec {
              allow_peer_ts = yes
            }
            kernel-netlink {
              fwmark = !0x42
            }
            socket-default {
              fwmark = 0x42
            }
            """,
        connection: $$"""
            remote_addrs = {{peer}}
            unique = never
            proposals = aes256gcm16-prfsha256-x25519-ecp256
            local {
              auth = psk
            }
            remote {
              auth = psk
              id = %any
            }
            children {
              bench {
                local_ts = dynamic
                remote_ts = dynamic
                esp_proposals = aes256gcm16
              }
            }
            """,
        secret)).Process;

    public override int Children(LabHost host) => LinesWith(Charon.Log(host), " established with SPIs ");
}
