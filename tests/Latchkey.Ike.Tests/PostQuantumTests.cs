using Latchkey.Crypto;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>A second key exchange, by ML-KEM, in IKE_INTERMEDIATE (RFC 9242, RFC 9370).</summary>
public class PostQuantumTests
{
    private static readonly IkeProposal Classic = Pair.Settings().IkeProposals[0];

    private static IkeSettings Hybrid => Pair.Settings() with { IkeProposals = [Classic with { AdditionalKeyExchange = [Algorithms.MlKem768] }, Classic] };

    [Fact]
    public void Two_hosts_that_can_agree_on_both_key_exchanges()
    {
        using var pair = new Pair(Hybrid);
        pair.Establish();
        var (a, b) = (pair.A.Only<IkeSaEstablished>(), pair.B.Only<IkeSaEstablished>());
        Assert.Equal("ML-KEM-768", a.Suite.Additional?.Name);
        Assert.Equal(a.Suite, b.Suite);
        Assert.Equal(a.AuthDigest.ToArray(), b.AuthDigest.ToArray());
        Assert.Equal(
            [ExchangeType.IkeSaInit, ExchangeType.IkeIntermediate, ExchangeType.IkeAuth],
            pair.Wire.Sent.Where(f => f.From.Address == pair.A.Address).Select(Exchange).Distinct());
        Assert.Single(pair.A.Said<ChildEstablished>());
    }

    [Fact]
    public void The_responders_choice_among_two_sizes_of_ML_KEM_counts_and_the_larger_one_carries_an_SA()
    {
        using var pair = new Pair(With(Algorithms.MlKem768, Algorithms.MlKem1024), With(Algorithms.MlKem1024, Algorithms.MlKem768));
        pair.Establish();
        Assert.Equal("ML-KEM-1024", pair.A.Only<IkeSaEstablished>().Suite.Additional?.Name);
        Assert.Single(pair.B.Said<ChildEstablished>());
    }

    [Fact]
    public void Two_hosts_with_different_sizes_fall_back_to_neither()
    {
        using var pair = new Pair(With(Algorithms.MlKem768), With(Algorithms.MlKem1024));
        pair.Establish();
        Assert.Null(pair.A.Only<IkeSaEstablished>().Suite.Additional);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_that_knows_nothing_of_it_gets_an_SA_without(bool weBegin)
    {
        using var pair = weBegin ? new Pair(Hybrid, Pair.Settings()) : new Pair(Pair.Settings(), Hybrid);
        pair.Establish();
        Assert.Null(pair.A.Only<IkeSaEstablished>().Suite.Additional);
        Assert.DoesNotContain(pair.Wire.Sent, f => Exchange(f) == ExchangeType.IkeIntermediate);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Messages_may_be_lost_doubled_and_overtaken(int seed)
    {
        using var pair = new Pair(Hybrid, seed: seed);
        pair.EstablishOverABadWire();
    }

    [Fact]
    public void Rekeys_go_on_without_a_second_exchange_and_with_keys_that_come_from_it()
    {
        using var pair = new Pair(Hybrid);
        var (sa, _) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, sa));
        pair.Run();
        Assert.Null(pair.A.Only<IkeSaRekeyed>().Suite.Additional);
        Assert.Single(pair.B.Said<IkeSaRekeyed>());
        Assert.Empty(pair.A.Said<IkeSaClosed>());
    }

    [Fact]
    public void Nobody_authenticates_before_what_was_agreed_is_exchanged()
    {
        using var pair = new Pair(Hybrid);
        // IKE_INTERMEDIATE is lost; an IKE_AUTH in its place, under the keys of IKE_SA_INIT, would have its message id.
        pair.Wire.Tap = flight => Exchange(flight) == ExchangeType.IkeIntermediate ? null : flight;
        pair.A.Initiate(pair.B);
        pair.Run(10);
        Assert.Empty(pair.B.Said<AuthorizePeer>());
        Assert.DoesNotContain(pair.Wire.Sent, f => Exchange(f) == ExchangeType.IkeAuth);
    }

    [Fact]
    public void What_IKE_INTERMEDIATE_said_is_part_of_what_is_signed()
    {
        // A header of 28 octets whose length counts itself, the header of the Encrypted payload and what is inside, and no more.
        var opened = OpenedMessage.Of(
            IkeHeader.ForRequest(0x0102030405060708, 0x1112131415161718, ExchangeType.IkeIntermediate, fromInitiator: true, messageId: 1), [new KeyExchangePayload(36, [7, 8])]);
        Assert.Equal(
            "0102030405060708" + "1112131415161718" + "2e202b08" + "00000001" + "0000002a" + "2200000e" + "0000000a" + "00240000" + "0708",
            Convert.ToHexStringLower(opened.ToAuthenticate()));
    }

    private static IkeSettings With(params KeyExchangeMethod[] additional) => Pair.Settings() with { IkeProposals = [Classic with { AdditionalKeyExchange = [.. additional] }, Classic] };

    private static ExchangeType Exchange(Flight flight) => (ExchangeType)flight.Message[18];
}
