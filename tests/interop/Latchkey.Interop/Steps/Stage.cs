using Latchkey.Interop.Cases;
using Latchkey.Interop.Hosts;
using Latchkey.Lab;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;

namespace Latchkey.Interop.Steps;

/// <summary>Two hosts on one link, one with Latchkey and one with another implementation, for one case over one family.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly Laboratory _laboratory;
    private readonly Wire _wire;
    private readonly bool _tunnel;
    private readonly LabHost? _behind;
    private Capture? _capture;

    private Stage(Laboratory laboratory, Wire wire, bool tunnel, LabHost? behind, LabHost latchkeyHost, LabHost peerHost, LatchkeySide latchkey, IPeerSide peer, Nat? nat, Placeholders placeholders) =>
        (_laboratory, _wire, _tunnel, _behind, LatchkeyHost, PeerHost, Latchkey, Peer, Nat, Placeholders) = (laboratory, wire, tunnel, behind, latchkeyHost, peerHost, latchkey, peer, nat, placeholders);

    public LabHost LatchkeyHost { get; }

    public LabHost PeerHost { get; }

    /// <summary>Where applications are on Latchkey's side: on its host, or on the one behind it.</summary>
    public LabHost UserHost => _behind ?? LatchkeyHost;

    public LatchkeySide Latchkey { get; }

    public IPeerSide Peer { get; }

    public Nat? Nat { get; }

    public Placeholders Placeholders { get; }

    /// <summary>The address that applications use to reach a host.</summary>
    public string AddressOf(LabHost host) => !_tunnel ? host.Address : Placeholders.Fill(host == PeerHost ? "{peer.inner}" : "{latchkey.inner}");

    public static async Task<Stage> Set(InteropCase work, bool ipv6, Tools tools, bool keep, CancellationToken cancellation)
    {
        var laboratory = new Laboratory(new AddressPlan(ipv6), keep, cancellation);
        try
        {
            var wire = await laboratory.Link();
            var nat = work.Behind is null ? null : await Nat.Make(laboratory, wire);
            var l = await laboratory.Host("latchkey", work.Behind == "latchkey" ? nat!.Inside : wire, 1);
            var p = await laboratory.Host(work.Peer, work.Behind == work.Peer ? nat!.Inside : wire, 2);
            if (work.IsInMachine)
            {
                await Machine.Boot(p, tools.Machine, TimeSpan.FromSeconds(90));
            }

            await l.Nics[0].Plug();
            await p.Nics[0].Plug();
            var (latchkeyAddress, peerAddress) = (l.Address, p.Address);
            if (work.Behind == "latchkey")
            {
                latchkeyAddress = await nat!.Translate(l);
            }
            else if (work.Behind == work.Peer)
            {
                peerAddress = await nat!.Translate(p);
            }

            var behind = work.Net ? await Gateway.Make(laboratory, l) : null;
            var placeholders = new Placeholders(l.Nics[0], p.Nics[0], behind, l.Plan, tools.Credentials, work.Latchkey.Key);
            if (work.Tunnel)
            {
                if (behind is null)
                {
                    await l.Namespace.Ip("addr", "add", placeholders.Fill("{latchkey.inner}"), "dev", l.Nics[0].Device);
                }

                await p.Run(["ip", "addr", "add", placeholders.Fill("{peer.inner}"), "dev", p.Nics[0].Device, .. ipv6 ? ["nodad"] : Array.Empty<string>()]);
                if (work.IsInMachine)
                {
                    // Linux looks for a route before it looks for a policy. ESP in user space has a device, and makes its routes itself.
                    await p.Run("ip", "route", "add", placeholders.Fill(behind is null ? "{latchkey.inner}" : "{latchkey.net}"), "dev", p.Nics[0].Device, "src", placeholders.Fill("{peer.inner}"));
                }
            }

            IPeerSide peer = work.Libreswan is { } part
                ? new LibreswanSide(p, part, latchkeyAddress, tools.Libreswan, tools.Credentials, placeholders)
                : new StrongSwanSide(p, work.Strongswan, latchkeyAddress, tools.Credentials, placeholders);
            return new Stage(laboratory, wire, work.Tunnel, behind, l, p, new LatchkeySide(l, work, peerAddress, tools, placeholders), peer, nat, placeholders);
        }
        catch
        {
            await laboratory.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everything that crosses the link from now on.</summary>
    public async Task Record() => _capture = await _wire.Record("wire.pcap");

    /// <summary>Frames of the record so far that match a display filter of tshark's.</summary>
    public Task<int> Seen(string filter) => new Tshark(_capture!.File).Count(filter);

    /// <summary>What tshark says of the whole record, given the keys.</summary>
    public async Task<IReadOnlyList<JudgeFinding>> Judge()
    {
        await _capture!.Stop();
        return await new IntegrityJudge(_capture.File, Latchkey.Keys).Findings();
    }

    public async ValueTask DisposeAsync()
    {
        Latchkey.Dispose();
        await _laboratory.DisposeAsync();
    }
}
