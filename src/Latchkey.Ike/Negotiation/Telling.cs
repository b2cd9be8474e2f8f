using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// What a Latchkey host is configured with, told to another one beside NO_PROPOSAL_CHOSEN or TS_UNACCEPTABLE, so that both logs
/// say what does not match (docs/decisions/explained-refusals.md): the type of the first payload, then payloads as in a message.
/// </summary>
internal static class Telling
{
    private const NotifyType Type = (NotifyType)61442;

    public static IEnumerable<IkePayload> Of(params IReadOnlyList<IkePayload> configured)
    {
        var writer = new IkeWriter();
        writer.U8((byte)PayloadChain.FirstOf(configured));
        PayloadChain.Write(writer, configured);
        return [new NotifyPayload(Type, writer.ToArray())];
    }

    /// <param name="selectors">From our point of view.</param>
    public static IEnumerable<IkePayload> Of(SelectorSet selectors, bool weInitiated) => Of(
        new TrafficSelectorPayload(OfInitiator: true, weInitiated ? selectors.Local : selectors.Remote),
        new TrafficSelectorPayload(OfInitiator: false, weInitiated ? selectors.Remote : selectors.Local));

    /// <summary>Null when the peer tells none.</summary>
    public static SaPayload? ReadProposals(PayloadSet refusal) => Read(refusal)?.Sa;

    /// <summary>Of an exchange that we began; null when the peer tells none.</summary>
    public static SelectorSet? ReadSelectors(PayloadSet refusal) =>
        Read(refusal) is { } told && told.Selectors(ofInitiator: true) is { Selectors.IsEmpty: false } tsi && told.Selectors(ofInitiator: false) is { Selectors.IsEmpty: false } tsr
            ? new SelectorSet(tsi.Selectors, tsr.Selectors)
            : null;

    private static PayloadSet? Read(PayloadSet refusal) =>
        refusal.Notify(Type) is { Data: [var first, ..] octets } && PayloadChain.TryRead((PayloadType)first, octets.AsSpan(1), 0, out var payloads, out _)
            ? new PayloadSet(payloads)
            : null;
}
