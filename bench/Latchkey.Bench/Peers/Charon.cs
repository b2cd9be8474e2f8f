using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>strongSwan's daemon with ESP in user space (kernel-libipsec), its files in the folder of its host.</summary>
internal sealed class Charon
{
    private readonly LabHost _host;

    private Charon(LabHost host, BackgroundProcess process) => (_host, Process) = (host, process);

    public BackgroundProcess Process { get; }

    public static string Log(LabHost host) => Path.Combine(host.Folder, "messages.log");

    /// <summary>Starts it, and has it load its connection and its secret.</summary>
    /// <param name="settings">Lines of <c>charon-systemd { }</c> beside those of all.</param>
    /// <param name="plugins">Lines of <c>plugins { }</c>.</param>
    /// <param name="connection">Lines of <c>connections { bench { } }</c>.</param>
    /// <exception cref="Lab.LabException">It does not come up.</exception>
    public static async Task<Charon> Start(LabHost host, string settings, string plugins, string connection, string secret)
    {
        // Threads and logging as Debian has them. The first plugin that offers an algorithm is used, and those behind openssl are plain C.
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "strongswan.conf"), $$"""
            charon-systemd {
              load = aesni openssl random nonce aes gcm sha1 sha2 hmac kdf curve25519 pem pkcs1 pkcs8 x509 pubkey kernel-libipsec kernel-netlink socket-default vici
              {{settings}}
              filelog {
                main {
                  path = {{Log(host)}}
                  default = 1
                }
              }
              plugins {
                {{plugins}}
                vici {
                  socket = unix://{{Vici(host)}}
                }
              }
            }
            swanctl {
              load = random
            }
            """);
        Directory.CreateDirectory(Path.Combine(host.Folder, "swanctl"));
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "swanctl", "swanctl.conf"), $$"""
            connections {
              bench {
                version = 2
                {{connection}}
              }
            }
            secrets {
              ike-bench {
                secret = {{secret}}
              }
            }
            """);
        var charon = new Charon(host, host.Start("charon", ["env", .. Environment(host), "charon-systemd"]));
        await Peer.Until(() => Task.FromResult(File.Exists(Vici(host))), $"charon did not come up in {host.Name}, see {Log(host)}");
        await charon.Swanctl("--load-all", "--noprompt");
        return charon;
    }

    /// <returns>What it says.</returns>
    public Task<string> Swanctl(string command, params IReadOnlyList<string> arguments) =>
        Command.Run(["env", .. Environment(_host), "swanctl", command, .. arguments, "--uri", $"unix://{Vici(_host)}"]);

    private static IReadOnlyList<string> Environment(LabHost host) =>
        [$"STRONGSWAN_CONF={host.Folder}/strongswan.conf", $"SWANCTL_DIR={host.Folder}/swanctl"];

    private static string Vici(LabHost host) => Path.Combine(host.Folder, "vici");
}
