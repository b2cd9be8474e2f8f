using System.Security.Cryptography;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Daemon.Pins;
using Latchkey.Engine;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Daemon.Tests.Pins;

public class PinDecisionTests
{
    private static readonly InetAddress C = InetAddress.Parse("192.0.2.7");
    private static readonly KeyFingerprint OfC = Print("c");
    private static readonly KeyFingerprint OfD = Print("d");

    [Fact]
    public void S9_Without_a_fingerprint_the_key_in_use_is_pinned() =>
        Assert.Equal(new PinDecision.Set(new Pin(C, OfC, PinOrigin.Person), null), Decide(null, false, OfC));

    [Fact]
    public void Without_anybody_there_the_key_seen_first_is_pinned() => Assert.Equal(
        new PinDecision.Set(new Pin(C, OfC, PinOrigin.Person), null),
        PinDecision.Of(SecurityPolicy.Empty with { Pins = PinSet.Empty.With(new Pin(C, OfC, PinOrigin.FirstUse)) }, C, null, close: false, []));

    [Fact]
    public void Without_anybody_there_and_nobody_known_a_fingerprint_is_asked_for() => Assert.Contains("--key", Refusal(Decide(null)).Remedy, StringComparison.Ordinal);

    [Fact]
    public void With_two_keys_in_use_a_fingerprint_is_asked_for() => Assert.Contains("2 keys", Refusal(Decide(null, false, OfC, OfD)).Problem, StringComparison.Ordinal);

    [Fact]
    public void S9a_Another_key_than_the_one_in_use_is_refused_unless_its_connections_may_be_closed()
    {
        var refused = Refusal(Decide(OfD, false, OfC));
        Assert.Contains(OfC.ToString(), refused.Problem, StringComparison.Ordinal);
        Assert.Contains("--close", refused.Remedy, StringComparison.Ordinal);
        Assert.Equal(new PinDecision.Set(new Pin(C, OfD, PinOrigin.Person), null), Decide(OfD, true, OfC));
    }

    [Fact]
    public void A_changed_key_is_accepted_when_a_person_names_it() => Assert.Equal(
        new PinDecision.Set(new Pin(C, OfD, PinOrigin.Person), null),
        PinDecision.Of(SecurityPolicy.Empty with { Pins = PinSet.Empty.With(new Pin(C, OfC, PinOrigin.FirstUse)) }, C, OfD, close: false, []));

    [Fact]
    public void An_address_of_the_configuration_is_changed_there() => Assert.Contains(
        "\"r1\"",
        Refusal(PinDecision.Of(new SecurityPolicy([], [new KnownPeer("r1", OfC, [InetPrefix.Of(C)])]), C, OfD, close: true, [])).Problem,
        StringComparison.Ordinal);

    private static PinDecision Decide(KeyFingerprint? wanted, bool close = false, params KeyFingerprint[] live) =>
        PinDecision.Of(SecurityPolicy.Empty, C, wanted, close, [.. live.Select(key => new LiveKey(key, null, 1))]);

    private static PinDecision.Refused Refusal(PinDecision decision) => Assert.IsType<PinDecision.Refused>(decision);

    private static KeyFingerprint Print(string of) => new(SHA256.HashData(Encoding.ASCII.GetBytes(of)));
}
