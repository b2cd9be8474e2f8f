using System.Globalization;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Judges;

/// <summary>
/// The first invariant, judged on the capture alone: no octet of a latched flow is ever on the wire in clear or under an
/// SA of another channel, and after its break it is not on the wire at all.
/// </summary>
/// <param name="Flow">tshark's filter for the flow, addresses and ports.</param>
/// <param name="Protector">The host whose latch it is.</param>
/// <param name="Peer">The card of the host the flow is latched to.</param>
/// <param name="Newcomer">The card of the host that has the peer's address later; null: there is none.</param>
/// <param name="Keys">The protector's exported keys.</param>
public sealed record NoByteRule(Capture Capture, string Flow, Nic Protector, Nic Peer, Nic? Newcomer, string Keys)
{
    /// <summary>Somebody who writes clear packets of the flow himself; they prove nothing about the protector. Null: there is nobody.</summary>
    public Nic? Forger { get; init; }

    /// <param name="broken">When the break was seen; null: it never broke.</param>
    /// <param name="until">Up to when the latch was BROKEN; null: to the end.</param>
    public async Task Judge(Stage stage, Moment? broken, Moment? until)
    {
        var stranger = new Tshark(Capture.File);
        var clear = await stranger.Count(Forger is null ? Flow : $"{Flow} && eth.src != {Forger.Mac}");
        stage.Check("no octet of the connection crossed the wire in clear, not even a reset", clear == 0, $"{clear} TCP segments of it in clear");

        var protectedFrames = await ProtectedFrames();
        var toPeer = protectedFrames.Where(frame => frame.Mac == Peer.Mac).ToList();
        stage.Check("the connection was protected, and we can look inside", toPeer.Exists(frame => frame.IsFlow), $"{toPeer.Count(frame => frame.IsFlow)} ESP packets of it to its peer");
        if (Newcomer is not null)
        {
            var channel = toPeer.Select(frame => frame.Spi).ToHashSet();
            var foreign = protectedFrames.Where(frame => frame.Mac == Newcomer.Mac && !channel.Contains(frame.Spi)).ToList();
            var dark = foreign.Count(frame => !frame.Readable);
            var leaked = foreign.Count(frame => frame.IsFlow);
            stage.Check(
                "no octet of the connection was sent under an SA of the newcomer", leaked == 0 && dark == 0,
                $"{foreign.Count} ESP packets to the newcomer, {leaked} of the connection, {dark} unreadable");
        }

        if (broken is { } moment)
        {
            var late = protectedFrames.Count(frame => frame.IsFlow && frame.Time > moment.EpochSeconds && !(frame.Time > until?.EpochSeconds));
            stage.Check("while the latch is broken nothing of the connection is sent at all", late == 0, $"{late} ESP packets of it after the break");
        }
    }

    /// <summary>Every ESP packet the protector sent, and what tshark finds in it.</summary>
    private async Task<List<Frame>> ProtectedFrames()
    {
        var tshark = new Tshark(Capture.File, Keys);
        var source = $"eth.src == {Protector.Mac} && esp";
        var flow = (await tshark.Fields($"{source} && {Flow}", "frame.number")).Select(fields => fields[0]).ToHashSet();
        var all = await tshark.Fields(source, "frame.number", "frame.time_epoch", "eth.dst", "esp.spi", "tcp.srcport");
        return [.. all.Select(fields => new Frame(
            double.Parse(fields[1], CultureInfo.InvariantCulture), fields[2], fields[3], fields.Length > 4 && fields[4].Length > 0, flow.Contains(fields[0])))];
    }

    private sealed record Frame(double Time, string Mac, string Spi, bool Readable, bool IsFlow);
}
