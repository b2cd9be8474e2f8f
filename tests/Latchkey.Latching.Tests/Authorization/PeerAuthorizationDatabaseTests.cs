using Latchkey.Crypto;
using Xunit;
using static Latchkey.Latching.Tests.TestPolicy;

namespace Latchkey.Latching.Tests.Authorization;

public class PeerAuthorizationDatabaseTests
{
    private static readonly KnownPeer R1 = Known("r1", "192.0.2.7");
    private static readonly SecurityPolicy Mixed = Policy([Entry("web", TrustLevel.Anyone, 7000)], R1);
    private static readonly PeerAuthorizationDatabase Pad = new(Mixed);

    [Fact]
    public void B3_B5_A_known_key_matches_its_own_entry_before_the_wildcard()
    {
        Assert.Equal(new PadResult.Known(R1), Pad.Find(Asserts(Key("r1")), Key("r1")));
        Assert.Equal(new PadResult.Known(R1), Pad.Find(new AssertedIdentity(null, D, null), Key("r1")));
    }

    [Fact]
    public void B5_An_identity_that_no_known_entry_has_becomes_its_key()
    {
        Assert.Equal(new PadResult.Btns(Key("anybody")), Pad.Find(Asserts(Key("anybody")), Key("anybody")));
        Assert.Equal(new PadResult.Btns(Key("anybody")), Pad.Find(new AssertedIdentity(null, D, null), Key("anybody")));
    }

    public static TheoryData<string> ClaimsToBeR1 => ["key", "address", "name", "name in capitals"];

    [Theory]
    [MemberData(nameof(ClaimsToBeR1))]
    public void B7_Who_claims_to_be_known_and_proves_another_key_is_refused_and_not_demoted_to_btns(string claim)
    {
        var asserted = claim switch
        {
            "key" => Asserts(Key("r1")),
            "address" => new AssertedIdentity(null, C, null),
            "name" => new AssertedIdentity(null, null, "r1"),
            _ => new AssertedIdentity(null, null, "R1"),
        };

        var refused = Assert.IsType<PadResult.Refused>(Pad.Find(asserted, Key("rogue")));
        Assert.Contains("'r1'", refused.Reason, StringComparison.Ordinal);
        Assert.Contains(Key("rogue").ToString(), refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void B6_Without_a_wildcard_an_unknown_key_is_refused()
    {
        var closed = new PeerAuthorizationDatabase(Policy([Entry("web", TrustLevel.Known, 7000)], R1));
        Assert.IsType<PadResult.Refused>(closed.Find(Asserts(Key("anybody")), Key("anybody")));
        Assert.IsType<PadResult.Known>(closed.Find(Asserts(Key("r1")), Key("r1")));
    }

    [Fact]
    public void B11_B12_A_btns_peer_may_not_speak_for_an_address_of_a_known_peer()
    {
        var btns = new PadResult.Btns(Key("rogue"));
        Assert.False(Pad.MaySpeakFor(btns, C, out var why));
        Assert.Contains("'r1'", why, StringComparison.Ordinal);
        Assert.True(Pad.MaySpeakFor(btns, D, out _));
    }

    [Fact]
    public void A_known_peer_speaks_for_its_own_addresses_only()
    {
        Assert.True(Pad.MaySpeakFor(new PadResult.Known(R1), C, out _));
        Assert.False(Pad.MaySpeakFor(new PadResult.Known(R1), D, out var why));
        Assert.Contains("192.0.2.7", why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_peer_speaks_for_nothing() =>
        Assert.False(Pad.MaySpeakFor(new PadResult.Refused("no"), D, out _));

    private static AssertedIdentity Asserts(KeyFingerprint key) => new(key, null, null);
}
