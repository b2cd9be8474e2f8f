using Latchkey.Interop.Cases;
using Latchkey.Interop.Hosts;
using Latchkey.Lab;
using Latchkey.Lab.Network;

namespace Latchkey.Interop.Steps;

/// <summary>Two hosts on one link, one with Latchkey and one with strongSwan, for one case over one family.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly Laboratory _laboratory;

    private Stage(Laboratory laboratory, LabHost latchkeyHost, LabHost strongSwanHost, LatchkeySide latchkey, StrongSwanSide strongSwan, Placeholders placeholders) =>
        (_laboratory, LatchkeyHost, StrongSwanHost, Latchkey, StrongSwan, Placeholders) = (laboratory, latchkeyHost, strongSwanHost, latchkey, strongSwan, placeholders);

    public LabHost LatchkeyHost { get; }

    public LabHost StrongSwanHost { get; }

    public LatchkeySide Latchkey { get; }

    public StrongSwanSide StrongSwan { get; }

    public Placeholders Placeholders { get; }

    public static async Task<Stage> Set(InteropCase work, bool ipv6, Tools tools, bool keep, CancellationToken cancellation)
    {
        var laboratory = new Laboratory(new AddressPlan(ipv6), keep, cancellation);
        try
        {
            var wire = await laboratory.Link();
            var l = await laboratory.Host("latchkey", wire, 1);
            var s = await laboratory.Host("strong", wire, 2);
            await Machine.Boot(s, tools.Machine, TimeSpan.FromSeconds(90));
            await l.Nics[0].Plug();
            await s.Nics[0].Plug();
            var placeholders = new Placeholders(l.Address, s.Address, tools.Credentials, work.Latchkey.Key);
            return new Stage(
                laboratory, l, s, new LatchkeySide(l, work, s.Address, tools, placeholders), new StrongSwanSide(s, work, l.Address, tools.Credentials, placeholders), placeholders);
        }
        catch
        {
            await laboratory.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Latchkey.Dispose();
        await _laboratory.DisposeAsync();
    }
}
