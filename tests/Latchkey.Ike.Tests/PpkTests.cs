using System.Text;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Postquantum preshared keys (RFC 8784): mixed into SK_d and SK_p, mandatory or not.</summary>
public class PpkTests
{
    private const string Key = "thirty-two octets at the very least";

    [Theory]
    [InlineData(5, "sha256", 0)]
    [InlineData(7, "sha512", 36)]
    public void The_judge_comes_to_the_same_keys_with_the_PPK_in_them_and_to_others_without(ushort prf, string hash, int additional)
    {
        List<byte[]> secrets = [];
        using var pair = new Pair(KeyDerivationJudgeTests.Settings(prf, 256, additional, []), KeyDerivationJudgeTests.Settings(prf, 256, additional, secrets));
        Share(pair, Ppk(Key), Ppk(Key));
        pair.Establish();

        var lines = KeyDerivationJudgeTests.Judge(pair, hash, 256, secrets, "", Encoding.ASCII.GetBytes(Key));
        Assert.Equal(["initiator proved", "responder proved"], lines[..2]);
        var child = pair.A.Said<KeysExported>().Select(k => k.Child).OfType<ChildKeyExport>().Single();
        Assert.Equal(Convert.ToHexStringLower([.. child.OutboundKey, .. child.InboundKey]), lines[^1]);
        Assert.Throws<Xunit.Sdk.TrueException>(() => KeyDerivationJudgeTests.Judge(pair, hash, 256, secrets, ""));
    }

    [Fact]
    public void Rekeys_go_on_from_keys_with_the_PPK_in_them()
    {
        using var pair = new Pair();
        Share(pair, Ppk(Key), Ppk(Key));
        var (sa, _) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, sa));
        pair.Run();
        pair.B.Do(host => host.CreateChild(pair.Now, pair.B.Only<IkeSaEstablished>().Sa, new ChildProposal(Pair.SelectorsBetween(pair.B, pair.A))));
        pair.Run();
        Assert.Single(pair.A.Said<IkeSaRekeyed>());
        Assert.Equal(2, pair.A.Said<ChildEstablished>().Count());
        Assert.Equal(pair.A.Said<ChildEstablished>().Last().InboundKey.Span.ToArray(), pair.B.Said<ChildEstablished>().Last().OutboundKey.Span.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Another_key_under_the_same_name_lets_nobody_in(bool mandatory)
    {
        using var pair = new Pair();
        Share(pair, Ppk(Key, mandatory: mandatory), Ppk("another key of thirty-two octets or more", mandatory: mandatory));
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Empty(pair.B.Said<AuthorizePeer>());
        Assert.Equal(CloseReason.RefusedByPeer, pair.A.Only<IkeSaClosed>().Reason);
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Fact]
    public void With_keys_of_different_names_both_do_without_where_both_may()
    {
        using var pair = new Pair();
        Share(pair, Ppk(Key, "a", mandatory: false), Ppk(Key, "b", mandatory: false));
        pair.Establish();
        Assert.Single(pair.A.Said<ChildEstablished>());
        Assert.Equal(pair.A.Only<IkeSaEstablished>().AuthDigest.ToArray(), pair.B.Only<IkeSaEstablished>().AuthDigest.ToArray());
        Assert.Equal(pair.A.Only<ChildEstablished>().InboundKey.Span.ToArray(), pair.B.Only<ChildEstablished>().OutboundKey.Span.ToArray());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void With_keys_of_different_names_nobody_comes_in_where_one_must_have_its_own(bool initiatorMust, bool responderMust)
    {
        using var pair = new Pair();
        Share(pair, Ppk(Key, "a", initiatorMust), Ppk(Key, "b", responderMust));
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Empty(pair.A.Said<IkeSaEstablished>().Concat(pair.B.Said<IkeSaEstablished>()));
        var refused = pair.B.Only<PeerUnproved>();
        Assert.Equal("ppk", Assert.Single(refused.Refusal.Differences).What);
        Assert.Contains("RFC 8784", refused.Text, StringComparison.Ordinal);
        AuthenticationTests.AssertNothingRemains(pair);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_without_any_is_let_in_only_where_it_need_not_have_one(bool mandatory)
    {
        using var pair = new Pair();
        Share(pair, Ppk(Key, mandatory: mandatory), null);
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Equal(mandatory ? 0 : 1, pair.A.Said<IkeSaEstablished>().Count());
        if (mandatory)
        {
            Assert.Contains("does not say USE_PPK", pair.A.Only<ChildFailed>().Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_initiator_without_any_is_let_in_only_where_it_need_not_have_one(bool mandatory)
    {
        using var pair = new Pair();
        Share(pair, null, Ppk(Key, mandatory: mandatory));
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Equal(mandatory ? 0 : 1, pair.B.Said<IkeSaEstablished>().Count());
        Assert.Equal(mandatory ? 1 : 0, pair.B.Said<PeerUnproved>().Count());
    }

    [Fact]
    public void A_responder_that_leaves_the_key_out_is_refused_where_it_must_be_used()
    {
        using var pair = new Pair(Rewriter.Settings);
        Share(pair, Ppk(Key), Ppk(Key));
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header.IsResponse ? [.. payloads.Where(p => p is not NotifyPayload { Notify: NotifyType.PpkIdentity })] : payloads,
        };
        pair.A.Initiate(pair.B);
        pair.Run(30);
        Assert.Empty(pair.A.Said<IkeSaEstablished>());
        Assert.Equal(CloseReason.PeerNotAuthenticated, pair.A.Only<IkeSaClosed>().Reason);
    }

    private static PostquantumKey Ppk(string key, string name = "shared", bool mandatory = true) =>
        new(Encoding.ASCII.GetBytes(name), new SecretBytes(Encoding.ASCII.GetBytes(key)), mandatory);

    private static void Share(Pair pair, PostquantumKey? a, PostquantumKey? b)
    {
        var credentials = new PeerCredentials("peer", new PeerProof.Key(Known: null), new OwnProof.Key());
        (pair.A.Policy.Credentials, pair.B.Policy.Credentials) = (credentials with { Ppk = a }, credentials with { Ppk = b });
    }
}
