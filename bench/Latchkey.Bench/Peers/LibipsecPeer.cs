using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Latchkey.Lab;
using Latchkey.Lab.Network;
using Latchkey.Lab.Processes;

namespace Latchkey.Bench.Peers;

/// <summary>strongSwan with ESP in user space (kernel-libipsec): IKEv2 with a pre-shared key, ESP in UDP, AES-GCM.</summary>
internal sealed partial class LibipsecPeer : Peer
{
    private const string AddressA = "10.79.0.1";
    private const string AddressB = "10.79.0.2";

    public override string Name => "libipsec";

    public override async Task<Tunnel> Up(Ends ends)
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        int[] daemons =
        [
            await Start(ends.A, Ends.AddressA, AddressA, Ends.AddressB, AddressB, secret),
            await Start(ends.B, Ends.AddressB, AddressB, Ends.AddressA, AddressA, secret),
        ];
        foreach (var host in new[] { ends.A, ends.B })
        {
            await Until(() => Task.FromResult(File.Exists(Vici(host))), $"charon did not come up in {host.Name}");
            await Swanctl(host, "--load-all", "--noprompt");
        }

        await Swanctl(ends.A, "--initiate", "--child", "bench", "--timeout", "10");
        var cipher = Cipher().Match(await Swanctl(ends.A, "--list-sas"));
        return cipher.Success ? new Tunnel(AddressB, daemons, cipher.Groups[1].Value) : throw new LabException("strongSwan lists no SA");
    }

    private static async Task<int> Start(LabHost host, string outer, string inner, string peerOuter, string peerInner, string secret)
    {
        // The first plugin that offers an algorithm is used, and those behind openssl are plain C.
        await File.WriteAllTextAsync(Path.Combine(host.Folder, "strongswan.conf"), $$"""
            charon-systemd {
              load = aesni openssl random nonce aes gcm sha1 sha2 hmac kdf curve25519 pem pkcs1 pkcs8 x509 pubkey kernel-libipsec kernel-netlink socket-default vici
              filelog {
                main {
                  path = {{host.Folder}}/charon.log
                  default = 1
                }
              }
              plugins {
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
                local_addrs = {{outer}}
                remote_addrs = {{peerOuter}}
                proposals = aes128-sha256-x25519
                local {
                  auth = psk
                  id = {{outer}}
                }
                remote {
                  auth = psk
                  id = {{peerOuter}}
                }
                children {
                  bench {
                    mode = tunnel
                    local_ts = {{inner}}/32
                    remote_ts = {{peerInner}}/32
                    esp_proposals = aes128gcm16
                  }
                }
              }
            }
            secrets {
              ike-bench {
                secret = {{secret}}
              }
            }
            """);
        await host.Namespace.Ip("addr", "add", $"{inner}/32", "dev", "lo");
        return host.Start("charon", ["env", .. Environment(host), "charon-systemd"]).Id;
    }

    private static Task<string> Swanctl(LabHost host, string command, params IReadOnlyList<string> arguments) =>
        Command.Run(["env", .. Environment(host), "swanctl", command, .. arguments, "--uri", $"unix://{Vici(host)}"]);

    private static IReadOnlyList<string> Environment(LabHost host) =>
        [$"STRONGSWAN_CONF={host.Folder}/strongswan.conf", $"SWANCTL_DIR={host.Folder}/swanctl"];

    private static string Vici(LabHost host) => Path.Combine(host.Folder, "vici");

    [GeneratedRegex("ESP:([A-Za-z0-9_/-]+)")]
    private static partial Regex Cipher();
}
