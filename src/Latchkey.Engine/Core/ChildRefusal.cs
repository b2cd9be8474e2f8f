using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>Why a Child SA may not be, and what would let it be.</summary>
/// <param name="Nearest">What is configured and comes nearest to it; null when selectors are not what is wrong.</param>
internal sealed record ChildRefusal(string Reason, Refusal Refusal, SelectorSet? Nearest = null)
{
    /// <returns>Null: it may.</returns>
    public static ChildRefusal? Of(EngineState state, AddressPair pair, KeyFingerprint key, ChildOffer offer, ChildAuthorizationResult result, ChannelParameters parameters) => result switch
    {
        ChildAuthorizationResult.Refused { Closed: { } closed, Reason: var reason } => new(
            reason,
            new([new Difference("key", [key.ToString()], [$"known peers (trust = \"known\" in [[protect]] \"{closed.Name}\")"])], [$"once it is compared by telephone, here: latchkey pin {pair.Remote} --key {key}"])),
        ChildAuthorizationResult.Refused { Reason: var reason } => Selectors(reason, offer, [.. state.EntriesBetween(pair).SelectMany(e => e.SelectorsOn(pair))]),
        ChildAuthorizationResult.Allowed { Entry: var entry } when entry.Mode != parameters.Mode =>
            new($"[[protect]] \"{entry.Name}\" wants {entry.Mode} mode, and {parameters.Mode} mode was asked for", ModeRefusal.Of(offer.Tunnel)),
        ChildAuthorizationResult.Allowed { Entry: var entry } when entry.ObjectionTo(parameters.Quality) is { } weak => new(
            weak,
            new(
                [new Difference("encryption", [parameters.Quality.Encryption.Name], [.. entry.Encryption.Select(e => e.Name)])],
                [$"here, in [[protect]] \"{entry.Name}\": esp = [{string.Join(", ", entry.Encryption.Append(parameters.Quality.Encryption).Select(e => $"\"{e.Keyword}\""))}]"])),
        ChildAuthorizationResult.Allowed { Selectors: var allowed } when offer.Request is not null && allowed != offer.Selectors =>
            Selectors($"the peer agreed to {offer.Selectors}, of which policy allows {allowed}", offer, [allowed]),
        _ => null,
    };

    private static ChildRefusal Selectors(string reason, ChildOffer offer, IReadOnlyList<SelectorSet> configured) =>
        new(reason, SelectorRefusal.OfTheirs(offer.Selectors, configured), SelectorRefusal.Nearest(offer.Selectors, configured));
}
