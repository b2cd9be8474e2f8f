using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>IKE_SA_INIT and IKE_AUTH between two hosts that agree.</summary>
public class SetupTests
{
    [Fact]
    public void Two_hosts_establish_an_IKE_SA_and_a_Child_SA_in_four_messages()
    {
        using var pair = new Pair();
        var (sa, request) = pair.A.Initiate(pair.B);
        pair.Run();

        Assert.Equal(4, pair.Wire.Sent.Count);
        var a = pair.A.Only<IkeSaEstablished>();
        var b = pair.B.Only<IkeSaEstablished>();
        Assert.Equal(sa, a.Sa);
        Assert.True(a.Initiated);
        Assert.False(b.Initiated);
        Assert.Equal((a.SpiI, a.SpiR, a.Suite), (b.SpiI, b.SpiR, b.Suite));
        Assert.Equal(pair.B.Key.Public, a.Key);
        Assert.Equal(pair.A.Key.Public, b.Key);

        var childA = pair.A.Only<ChildEstablished>();
        var childB = pair.B.Only<ChildEstablished>();
        Assert.Equal(request, childA.Request);
        Assert.Null(childB.Request);
        Assert.Equal((childA.InboundSpi, childA.OutboundSpi), (childB.OutboundSpi, childB.InboundSpi));
        Assert.Equal(childA.Suite, childB.Suite);
        Assert.Equal(childA.InboundKey.Span.ToArray(), childB.OutboundKey.Span.ToArray());
        Assert.Equal(childA.OutboundKey.Span.ToArray(), childB.InboundKey.Span.ToArray());
        Assert.NotEqual(childA.InboundKey.Span.ToArray(), childA.OutboundKey.Span.ToArray());
        Assert.Equal(Pair.SelectorsBetween(pair.A, pair.B), childA.Selectors);
        Assert.Equal(Pair.SelectorsBetween(pair.B, pair.A), childB.Selectors);
        Assert.False(childA.UdpEncapsulation);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
    }

    [Fact]
    public void The_responder_announces_both_SAs_before_it_sends_its_answer()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Equal(
            [typeof(HintReceived), typeof(SendDatagram), typeof(AuthorizePeer), typeof(IkeSaEstablished), typeof(ChildEstablished), typeof(SendDatagram)],
            pair.B.Log.Select(o => o.GetType()));
    }

    [Fact]
    public void A_host_without_policy_for_the_address_stays_silent_and_counts()
    {
        using var pair = new Pair();
        pair.B.Policy.Respond = false;
        pair.A.Initiate(pair.B);
        pair.Run();
        Assert.Empty(pair.B.Log);
        Assert.True(pair.B.Host.Drops[IkeDropReason.NoPolicy] > 0);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
    }

    [Fact]
    public void A_repeated_IKE_SA_INIT_gets_the_same_response_and_no_second_SA()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B);
        pair.Run(0.004);
        var request = pair.Wire.Sent[0];
        pair.B.Do(host => host.HandleDatagram(pair.Now, request.To, request.From, request.Message));
        pair.B.Do(host => host.HandleDatagram(pair.Now, request.To, request.From, request.Message));
        Assert.Equal(1, pair.B.Host.HalfOpenCount);
        var responses = pair.B.Said<SendDatagram>().ToList();
        Assert.Equal(2, responses.Count);
        Assert.Equal(responses[0].Message, responses[1].Message);
        Assert.Single(pair.B.Said<HintReceived>());
    }

    [Fact]
    public void A_half_open_SA_is_forgotten_without_a_word()
    {
        using var pair = new Pair();
        pair.Wire.Tap = flight => flight.From.Address == pair.A.Address ? flight : null;
        pair.A.Initiate(pair.B);
        pair.Run(0.1);
        Assert.Equal(1, pair.B.Host.HalfOpenCount);
        pair.A.Do(host => host.DeleteIkeSa(pair.Now, pair.A.Host.Sas.Single().Sa, CloseReason.DeletedLocally, "enough", tellPeer: false));
        pair.Run(30);
        Assert.Equal(0, pair.B.Host.HalfOpenCount);
        Assert.Empty(pair.B.Host.Sas);
        Assert.Empty(pair.B.Said<IkeSaClosed>());
        Assert.Null(pair.B.Host.NextDeadline);
    }

    [Fact]
    public void The_ID_payload_names_the_key_and_INITIAL_CONTACT_is_passed_on()
    {
        using var pair = new Pair();
        pair.A.Initiate(pair.B, initialContact: InitialContact.Yes);
        pair.Run();
        var question = pair.B.Only<AuthorizePeer>();
        Assert.True(question.InitialContact);
        Assert.Equal(new IkeIdentification(IdType.KeyId, pair.A.Key.Public.Fingerprint.ToBytes()), question.Id);
        Assert.False(pair.A.Only<AuthorizePeer>().InitialContact);
    }

    [Fact]
    public void Inspection_shows_peer_endpoints_children_and_round_trip()
    {
        using var pair = new Pair();
        var (sa, _) = pair.Establish();
        var info = pair.A.Host.Find(sa)!;
        Assert.Equal(IkeSaState.Established, info.State);
        Assert.Equal(pair.B.Key.Public.Fingerprint, info.Peer);
        Assert.Equal(new InetEndpoint(pair.B.Address, 500), info.Remote);
        Assert.Equal(2 * pair.Wire.Latency, info.RoundTrip);
        Assert.Equal(pair.A.Only<ChildEstablished>().Child, Assert.Single(info.Children).Child);
        Assert.Equal([sa], pair.A.Host.Sas.Select(s => s.Sa));
    }

    [Fact]
    public void The_same_inputs_and_randomness_give_the_same_outputs()
    {
        using var one = new Pair(seed: 7);
        using var two = new Pair(seed: 7);
        one.Establish();
        two.Establish();
        Assert.Equal(one.Wire.Sent.Select(f => Convert.ToHexString(f.Message)), two.Wire.Sent.Select(f => Convert.ToHexString(f.Message)));
    }

    [Fact]
    public void Keys_are_exported_only_on_request_and_alike_on_both_sides()
    {
        using var silent = new Pair();
        silent.Establish();
        Assert.Empty(silent.A.Said<KeysExported>());

        using var pair = new Pair(Pair.Settings() with { ExportKeys = true });
        pair.Establish();
        var a = pair.A.Said<KeysExported>().ToList();
        var b = pair.B.Said<KeysExported>().ToList();
        Assert.Equal((a[0].IkeKeys!.SpiI, a[0].IkeKeys!.SpiR), (b[0].IkeKeys!.SpiI, b[0].IkeKeys!.SpiR));
        Assert.Equal(a[0].IkeKeys!.SkEi, b[0].IkeKeys!.SkEi);
        Assert.Equal(a[0].IkeKeys!.SkEr, b[0].IkeKeys!.SkEr);
        Assert.Equal(a[1].Child!.InboundKey, b[1].Child!.OutboundKey);
        Assert.Equal(pair.A.Only<ChildEstablished>().InboundKey.Span.ToArray(), a[1].Child!.InboundKey);
    }
}
