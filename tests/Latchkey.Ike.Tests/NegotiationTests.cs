using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Proposals that meet late, or never.</summary>
public class NegotiationTests
{
    private static readonly AeadAlgorithm Gcm256 = Algorithms.FindAead(20, 256)!;
    private static readonly AeadAlgorithm Gcm128 = Algorithms.FindAead(20, 128)!;
    private static readonly AeadAlgorithm ChaCha = Algorithms.FindAead(28, null)!;

    [Fact]
    public void The_responders_order_decides()
    {
        using var pair = new Pair(With(ike: [Gcm128, Gcm256], esp: [Gcm128, ChaCha]), With(ike: [Gcm256, Gcm128], esp: [ChaCha, Gcm128]));
        pair.Establish();
        Assert.Equal(Gcm256, pair.A.Only<IkeSaEstablished>().Suite.Encryption);
        Assert.Equal(ChaCha, pair.A.Only<ChildEstablished>().Suite.Encryption);
    }

    [Fact]
    public void ESN_is_chosen_unless_one_side_has_it_off()
    {
        using var with = new Pair();
        with.Establish();
        Assert.True(with.A.Only<ChildEstablished>().Suite.Esn);
        using var without = new Pair(Pair.Settings(), Pair.Settings() with { Esn = false });
        without.Establish();
        Assert.False(without.A.Only<ChildEstablished>().Suite.Esn);
        Assert.False(without.B.Only<ChildEstablished>().Suite.Esn);
    }

    [Fact]
    public void IKE_proposals_that_do_not_meet_are_shown_side_by_side_on_both_hosts()
    {
        using var pair = new Pair(With(ike: [ChaCha]), With(ike: [Gcm256, Gcm128]));
        pair.A.Initiate(pair.B);
        pair.Run();

        var b = pair.B.Only<ProposalMismatch>();
        Assert.True(b.ByPeer);
        Assert.Equal("IKE", b.Protocol);
        var difference = Assert.Single(b.Refusal.Differences);
        Assert.Equal("encryption", difference.What);
        Assert.Equal([ChaCha.Name], difference.Offered);
        Assert.Equal([Gcm256.Name, Gcm128.Name], difference.Configured);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);

        var a = pair.A.Only<ProposalMismatch>();
        Assert.False(a.ByPeer);
        Assert.Equal(b.Refusal.Differences[0].ToString(), Assert.Single(a.Refusal.Differences).ToString());
        Assert.Equal(CloseReason.NoProposalChosen, pair.A.Only<IkeSaClosed>().Reason);
        Assert.Equal(CloseReason.NoProposalChosen, pair.A.Only<ChildFailed>().Reason);
    }

    [Fact]
    public void ESP_proposals_that_do_not_meet_leave_the_IKE_SA_up()
    {
        using var pair = new Pair(With(esp: [ChaCha]), With(esp: [Gcm256]));
        pair.Establish();
        Assert.Empty(pair.B.Said<ChildEstablished>());
        Assert.Equal(CloseReason.NoProposalChosen, pair.A.Only<ChildFailed>().Reason);
        Assert.Equal("ESP", pair.A.Only<ProposalMismatch>().Protocol);
        Assert.Equal([Gcm256.Name], Assert.Single(pair.B.Only<ProposalMismatch>().Refusal.Differences).Configured);
        Assert.Single(pair.A.Host.Sas);
        Assert.Single(pair.B.Host.Sas);
    }

    [Fact]
    public void A_wrong_guess_at_the_key_exchange_costs_one_more_round_trip()
    {
        var x25519 = Algorithms.FindKeyExchange(31)!;
        var other = new RenumberedKeyExchange(x25519, 19);
        using var pair = new Pair(With(keyExchange: [other, x25519]), With(keyExchange: [x25519]));
        pair.Establish();
        Assert.Equal(6, pair.Wire.Sent.Count);
        Assert.Equal(x25519, pair.A.Only<IkeSaEstablished>().Suite.KeyExchange);
    }

    [Fact]
    public void A_Child_SA_by_CREATE_CHILD_SA_gets_a_key_exchange_of_its_own_where_configured()
    {
        var x25519 = Algorithms.FindKeyExchange(31)!;
        var settings = Pair.Settings() with { EspProposals = [new EspProposal([Gcm256], [x25519])] };
        using var pair = new Pair(settings);
        var (sa, _) = pair.Establish();
        Assert.Null(pair.A.Only<ChildEstablished>().Suite.KeyExchange);
        pair.A.Do(host => host.CreateChild(pair.Now, sa, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        var a = pair.A.Said<ChildEstablished>().Last();
        var b = pair.B.Said<ChildEstablished>().Last();
        Assert.Equal(x25519, a.Suite.KeyExchange);
        Assert.Equal(a.InboundKey.Span.ToArray(), b.OutboundKey.Span.ToArray());
    }

    /// <param name="right">The IKE SA has the key exchange that the peer wants, and not the one that we like best.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_Childs_key_exchange_is_guessed_by_the_IKE_SAs_and_a_wrong_guess_is_corrected(bool right)
    {
        var x25519 = Algorithms.FindKeyExchange(31)!;
        var other = new RenumberedKeyExchange(x25519, 19);
        using var pair = new Pair(
            With(keyExchange: [right ? x25519 : other]) with { EspProposals = [new EspProposal([Gcm256], [other, x25519])] },
            With(keyExchange: [right ? x25519 : other]) with { EspProposals = [new EspProposal([Gcm256], [x25519])] });
        var (sa, _) = pair.Establish();
        var before = pair.Wire.Sent.Count;
        pair.A.Do(host => host.CreateChild(pair.Now, sa, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();
        Assert.Equal(x25519, pair.A.Said<ChildEstablished>().Last().Suite.KeyExchange);
        Assert.Equal(right ? 2 : 4, pair.Wire.Sent.Count - before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void L29_What_policy_allows_of_the_ciphers_is_all_that_is_offered_and_chosen(bool byInitiator)
    {
        using var pair = new Pair();
        pair.B.Policy.AllowedEncryption = byInitiator ? [] : [ChaCha];
        pair.A.Do(host => host.Initiate(
            pair.Now, pair.A.Address, pair.B.Address, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B), byInitiator ? [ChaCha] : [], []), forceUdpEncapsulation: false, InitialContact.No));
        pair.Run();
        Assert.Equal(ChaCha, pair.A.Only<ChildEstablished>().Suite.Encryption);
        Assert.Equal(ChaCha, pair.B.Only<ChildEstablished>().Suite.Encryption);
    }

    [Fact]
    public void C4_What_latches_hold_is_chosen_before_what_is_better()
    {
        using var pair = new Pair(With(esp: [Gcm256, Gcm128]));
        pair.B.Policy.LatchedSuites = [new EspSuite(Gcm128, Esn: false, KeyExchange: null)];
        pair.Establish();
        Assert.Equal(new EspSuite(Gcm128, Esn: false, KeyExchange: null), pair.B.Only<ChildEstablished>().Suite);
        Assert.Equal(new EspSuite(Gcm128, Esn: false, KeyExchange: null), pair.A.Only<ChildEstablished>().Suite);
    }

    [Fact]
    public void C4_What_latches_hold_is_offered_in_a_proposal_of_its_own_before_the_others()
    {
        using var pair = new Pair(With(esp: [Gcm256, Gcm128]));
        pair.A.Do(host => host.Initiate(
            pair.Now, pair.A.Address, pair.B.Address, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B), [], [new EspSuite(Gcm128, Esn: false, KeyExchange: null)]),
            forceUdpEncapsulation: false, InitialContact.No));
        pair.Run();
        Assert.Equal(new EspSuite(Gcm128, Esn: false, KeyExchange: null), pair.A.Only<ChildEstablished>().Suite);
    }

    [Fact]
    public void C4_What_latches_hold_is_no_more_than_a_wish_where_the_other_end_does_not_have_it()
    {
        using var pair = new Pair(With(esp: [Gcm256]), With(esp: [Gcm256, Gcm128]));
        pair.B.Policy.LatchedSuites = [new EspSuite(Gcm128, Esn: true, KeyExchange: null)];
        pair.Establish();
        Assert.Equal(Gcm256, pair.A.Only<ChildEstablished>().Suite.Encryption);
    }

    [Fact]
    public void L29_What_policy_no_longer_allows_is_not_chosen_though_latches_hold_it()
    {
        using var pair = new Pair(With(esp: [Gcm256, Gcm128]));
        pair.B.Policy.AllowedEncryption = [Gcm256];
        pair.B.Policy.LatchedSuites = [new EspSuite(Gcm128, Esn: true, KeyExchange: null)];
        pair.Establish();
        Assert.Equal(Gcm256, pair.B.Only<ChildEstablished>().Suite.Encryption);
    }

    [Fact]
    public void L29_A_peer_that_offers_nothing_of_what_policy_allows_is_refused_and_both_lists_are_shown()
    {
        using var pair = new Pair(With(esp: [Gcm128]), With(esp: [Gcm256, Gcm128]));
        pair.B.Policy.AllowedEncryption = [Gcm256];
        pair.Establish();
        Assert.Equal(CloseReason.NoProposalChosen, pair.A.Only<ChildFailed>().Reason);
        var difference = Assert.Single(pair.B.Only<ProposalMismatch>().Refusal.Differences);
        Assert.Equal([Gcm128.Name], difference.Offered);
        Assert.Equal([Gcm256.Name], difference.Configured);
    }

    [Fact]
    public void C4_A_rekey_offers_the_cipher_that_the_Child_SA_has()
    {
        using var pair = new Pair(With(esp: [Gcm256, Gcm128]));
        pair.B.Policy.AllowedEncryption = [Gcm128];
        pair.Establish();
        pair.B.Policy.AllowedEncryption = [];
        var old = pair.A.Only<ChildEstablished>();
        Assert.Equal(Gcm128, old.Suite.Encryption);
        pair.A.Do(host => host.RekeyChild(pair.Now, old.Child));
        pair.Run();
        Assert.Equal(Gcm128, pair.A.Said<ChildEstablished>().Last().Suite.Encryption);
    }

    private static IkeSettings With(
        ImmutableArray<AeadAlgorithm>? ike = null, ImmutableArray<AeadAlgorithm>? esp = null, ImmutableArray<KeyExchangeMethod>? keyExchange = null) =>
        Pair.Settings() with
        {
            IkeProposals = [new IkeProposal(ike ?? [Gcm256], [Algorithms.FindPrf(5)!], keyExchange ?? [Algorithms.FindKeyExchange(31)!])],
            EspProposals = [new EspProposal(esp ?? [Gcm256], [])],
        };
}
