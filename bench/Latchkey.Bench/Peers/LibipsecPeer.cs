using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Latchkey.Lab;
using Latchkey.Lab.Network;

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
        var a = await Start(ends.A, Ends.AddressA, AddressA, Ends.AddressB, AddressB, secret);
        var b = await Start(ends.B, Ends.AddressB, AddressB, Ends.AddressA, AddressA, secret);
        await a.Swanctl("--initiate", "--child", "bench", "--timeout", "10");
        var cipher = Cipher().Match(await a.Swanctl("--list-sas"));
        return cipher.Success ? new Tunnel(AddressB, [a.Process.Id, b.Process.Id], cipher.Groups[1].Value) : throw new LabException("strongSwan lists no SA");
    }

    private static async Task<Charon> Start(LabHost host, string outer, string inner, string peerOuter, string peerInner, string secret)
    {
        await host.Namespace.Ip("addr", "add", $"{inner}/32", "dev", "lo");
        return await Charon.Start(host, settings: "", plugins: "", connection: $$"""
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
            """, secret);
    }

    [GeneratedRegex("ESP:([A-Za-z0-9_/-]+)")]
    private static partial Regex Cipher();
}
