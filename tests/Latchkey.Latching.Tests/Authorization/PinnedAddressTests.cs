using Latchkey.Wire;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Authorization;

/// <summary>What pins do to the PAD: entries between the known ones and the wildcard.</summary>
public class PinnedAddressTests
{
    private static readonly KnownPeer R1 = Known("r1", "192.0.2.3");
    private static readonly Pin FirstUse = new(C, Key("c"), PinOrigin.FirstUse);
    private static readonly Pin ByPerson = FirstUse with { Origin = PinOrigin.Person };

    [Theory]
    [InlineData(PinOrigin.FirstUse)]
    [InlineData(PinOrigin.Person)]
    public void B11_B13_A_pinned_address_belongs_to_its_key_and_another_is_refused(PinOrigin origin)
    {
        var pad = Pad(TrustLevel.FirstUse, FirstUse with { Origin = origin });
        Assert.Equal(new PadResult.Btns(Key("c")), pad.Authorize(Asserts("c"), Key("c"), C));
        var refused = Assert.IsType<PadResult.Refused>(pad.Authorize(Asserts("d"), Key("d"), C));
        Assert.Contains($"{C} is pinned to {Key("c")}", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void B13_An_address_without_a_pin_is_open_to_any_key_and_a_pinned_key_may_move_there()
    {
        var pad = Pad(TrustLevel.FirstUse, FirstUse);
        Assert.IsType<PadResult.Btns>(pad.Authorize(Asserts("d"), Key("d"), D));
        Assert.IsType<PadResult.Btns>(pad.Authorize(Asserts("c"), Key("c"), D));
        Assert.Null(pad.PinAt(D));
    }

    [Fact]
    public void A_first_use_pin_binds_only_where_first_use_is_trusted_and_a_persons_pin_everywhere()
    {
        Assert.IsType<PadResult.Btns>(Pad(TrustLevel.Anyone, FirstUse).Authorize(Asserts("d"), Key("d"), C));
        Assert.IsType<PadResult.Refused>(Pad(TrustLevel.Anyone, ByPerson).Authorize(Asserts("d"), Key("d"), C));
    }

    [Fact]
    public void S9_A_persons_pin_is_a_known_entry_where_only_known_peers_are_let_in_and_a_first_use_pin_is_none()
    {
        Assert.IsType<PadResult.Btns>(Pad(TrustLevel.Known, ByPerson).Authorize(Asserts("c"), Key("c"), C));
        Assert.IsType<PadResult.Refused>(Pad(TrustLevel.Known, FirstUse).Authorize(Asserts("c"), Key("c"), C));
        Assert.IsType<ChildAuthorizationResult.Allowed>(Child(TrustLevel.Known, ByPerson, C));
        // Elsewhere the key is a stranger like any other.
        Assert.IsType<ChildAuthorizationResult.Refused>(Child(TrustLevel.Known, ByPerson, D));
    }

    [Fact]
    public void B7_Who_claims_to_be_the_peer_a_person_pinned_and_proves_another_key_is_refused_wherever_it_is()
    {
        var pad = Pad(TrustLevel.Anyone, ByPerson);
        Assert.IsType<PadResult.Refused>(pad.Authorize(Asserts("c"), Key("d"), D));
        Assert.IsType<PadResult.Refused>(pad.Authorize(new AssertedIdentity(null, C, null), Key("d"), D));
    }

    [Fact]
    public void The_configuration_outranks_a_pin()
    {
        var policy = Policy([Entry("web", TrustLevel.FirstUse, 7000)], R1) with { Pins = PinSet.Empty.With(new Pin(InetAddress.Parse("192.0.2.3"), Key("c"), PinOrigin.Person)) };
        var refused = Assert.IsType<PadResult.Refused>(new PeerAuthorizationDatabase(policy).Authorize(Asserts("c"), Key("c"), InetAddress.Parse("192.0.2.3")));
        Assert.Contains("'r1'", refused.Reason, StringComparison.Ordinal);
    }

    private static AssertedIdentity Asserts(string key) => new(Key(key), null, null);

    private static SecurityPolicy With(TrustLevel trust, Pin pin) => Policy([Entry("web", trust, 7000)], R1) with { Pins = PinSet.Empty.With(pin) };

    private static PeerAuthorizationDatabase Pad(TrustLevel trust, Pin pin) => new(With(trust, pin));

    private static ChildAuthorizationResult Child(TrustLevel trust, Pin pin, InetAddress at) => new ChildAuthorization(With(trust, pin)).Narrow(
        new PadResult.Btns(Key("c")), new AddressPair(W, at), SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(W), 0), TrafficSelector.For(InetPrefix.Of(at), 0)));
}
