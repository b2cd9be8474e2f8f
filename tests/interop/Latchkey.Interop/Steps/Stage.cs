using Latchkey.Interop.Cases;
using Latchkey.Interop.Hosts;
using Latchkey.Lab;
using Latchkey.Lab.Judges;
using Latchkey.Lab.Network;

namespace Latchkey.Interop.Steps;

/// <summary>Two hosts on one link, one with Latchkey and one with strongSwan, for one case over one family.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly Laboratory _laboratory;
    private readonly Wire _wire;
    private readonly bool _tunnel;
    private Capture? _capture;

    private Stage(Laboratory laboratory, Wire wire, bool tunnel, LabHost latchkeyHost, LabHost strongSwanHost, LatchkeySide latchkey, StrongSwanSide strongSwan, Placeholders placeholders) =>
        (_laboratory, _wire, _tunnel, LatchkeyHost, StrongSwanHost, Latchkey, StrongSwan, Placeholders) = (laboratory, wire, tunnel, latchkeyHost, strongSwanHost, latchkey, strongSwan, placeholders);

    public LabHost LatchkeyHost { get; }

    public LabHost StrongSwanHost { get; }

    public LatchkeySide Latchkey { get; }

    public StrongSwanSide StrongSwan { get; }

    public Placeholders Placeholders { get; }

    /// <summary>The address that applications use to reach a host.</summary>
    public string AddressOf(LabHost host) => !_tunnel ? host.Address : Placeholders.Fill(host == LatchkeyHost ? "{latchkey.inner}" : "{strongswan.inner}");

    public static async Task<Stage> Set(InteropCase work, bool ipv6, Tools tools, bool keep, CancellationToken cancellation)
    {
        var laboratory = new Laboratory(new AddressPlan(ipv6), keep, cancellation);
        try
        {
            var wire = await laboratory.Link();
            var nat = work.Behind is null ? null : await Nat.Make(laboratory, wire);
            var l = await laboratory.Host("latchkey", work.Behind == "latchkey" ? nat!.Inside : wire, 1);
            var s = await laboratory.Host("strong", work.Behind == "strongswan" ? nat!.Inside : wire, 2);
            await Machine.Boot(s, tools.Machine, TimeSpan.FromSeconds(90));
            await l.Nics[0].Plug();
            await s.Nics[0].Plug();
            var (latchkeyAddress, strongSwanAddress) = (l.Address, s.Address);
            if (work.Behind == "latchkey")
            {
                latchkeyAddress = await nat!.Translate(l);
            }
            else if (work.Behind == "strongswan")
            {
                strongSwanAddress = await nat!.Translate(s);
            }

            var placeholders = new Placeholders(l.Nics[0], s.Nics[0], ipv6, tools.Credentials, work.Latchkey.Key);
            if (work.Tunnel)
            {
                await l.Namespace.Ip("addr", "add", placeholders.Fill("{latchkey.inner}"), "dev", l.Nics[0].Device);

                // Linux looks for a route before it looks for a policy.
                await s.Run(["ip", "addr", "add", placeholders.Fill("{strongswan.inner}"), "dev", s.Nics[0].Device, .. ipv6 ? ["nodad"] : Array.Empty<string>()]);
                await s.Run("ip", "route", "add", placeholders.Fill("{latchkey.inner}"), "dev", s.Nics[0].Device, "src", placeholders.Fill("{strongswan.inner}"));
            }

            return new Stage(
                laboratory, wire, work.Tunnel, l, s, new LatchkeySide(l, work, strongSwanAddress, tools, placeholders), new StrongSwanSide(s, work, latchkeyAddress, tools.Credentials, placeholders), placeholders);
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
