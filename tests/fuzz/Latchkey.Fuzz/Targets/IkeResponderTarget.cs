using Latchkey.Ike;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Fuzz;

/// <summary>
/// A whole responder, fed with a sequence of messages, of time, and of its owner's doings. What a message is protected
/// with is stripped away, so that the fuzzer reaches what only an authenticated peer can say.
/// </summary>
/// <remarks>
/// The first octet: whether a real initiator has set up an IKE SA before (1), and whether of tunnels (2). Then steps, each an octet and what it takes:
/// 0 a datagram (length 2, octets); 1 a protected message (exchange 1, flags 1, first payload 1, length 2, octets) under
/// the SPIs the responder last used, with the message id that is due; 2 time (2, in tens of milliseconds); 3 a command
/// (1); 4 how the owner answers from now on (1); 5 at which address the peer is from now on (1).
/// </remarks>
internal sealed class IkeResponderTarget : FuzzTarget
{
    private static readonly InetEndpoint Here = new(InetAddress.Parse("192.0.2.1"), 500);
    private static readonly InetEndpoint There = new(InetAddress.Parse("192.0.2.2"), 500);

    public override string Name => "ike-responder";

    public override string About => "sequences of IKE messages to a responder whose cryptography is taken out";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        using var responder = new StrippedHost(Here.Address, 1) { Tunnel = !input.IsEmpty && (input[0] & 2) != 0 };
        var (next, there) = (0u, There);
        if (!input.IsEmpty && (input[0] & 1) != 0)
        {
            SetUp(responder);
            next = 2;
        }

        var steps = new Steps(input.IsEmpty ? input : input[1..]);
        while (steps.AreLeft)
        {
            Step(responder, ref next, ref there, ref steps);
            while (responder.TryTakeSent(out _))
            {
            }

            Must(responder.HalfOpen <= StrippedHost.HalfOpenMaximum, "half-open IKE SAs are bounded");
        }

        // Whatever was half done is over after the longest patience there is.
        responder.Mood = 1;
        responder.Pass(TimeSpan.FromMinutes(3));
        Must(responder.HalfOpen == 0, "a half-open IKE SA is forgotten in time");
        Must(responder.Sas.Count() <= 16, "what a handful of messages leaves behind is a handful");
    }

    private static void Step(StrippedHost responder, ref uint next, ref InetEndpoint there, ref Steps steps)
    {
        switch (steps.U8() % 6)
        {
            case 0:
                responder.Receive(Here, there, steps.Sized());
                break;
            case 1:
                Protected(responder, there, ref next, ref steps);
                break;
            case 2:
                responder.Pass(TimeSpan.FromMilliseconds(10 * steps.U16()));
                break;
            case 3:
                Command(responder, steps.U8());
                break;
            case 4:
                responder.Mood = steps.U8() % 3;
                break;
            case 5:
                there = There with { Address = InetAddress.FromV4(0xC0000200 | steps.U8()) };
                break;
        }
    }

    private static void Protected(StrippedHost responder, InetEndpoint there, ref uint next, ref Steps steps)
    {
        var head = steps.Take(3);
        var (exchange, flags, first) = ((ExchangeType)head[0], (IkeFlags)head[1], (PayloadType)head[2]);
        var isResponse = (flags & IkeFlags.Response) != 0;
        var text = steps.Sized();
        var (spiI, spiR) = responder.Spis;
        var writer = new IkeWriter();
        new IkeHeader(spiI, spiR, PayloadType.Encrypted, IkeHeader.Version2, exchange, flags, isResponse ? responder.LastRequest : next, 0).Write(writer);
        writer.U8((byte)first);
        writer.U8(0);
        writer.U16((ushort)(PayloadChain.GenericHeader + 8 + text.Length + 1 + 16));
        writer.Zeros(8);
        writer.Octets(text);
        writer.Zeros(1 + 16);
        writer.PatchU32(24, writer.Length);
        if (!isResponse)
        {
            next++;
        }

        responder.Receive(Here with { Port = 4500 }, there with { Port = 4500 }, writer.ToArray());
    }

    private static void Command(StrippedHost responder, byte which)
    {
        var sa = responder.Sas.Select(s => s.Sa).FirstOrDefault();
        var child = responder.Children.FirstOrDefault();
        responder.Do(host =>
        {
            switch (which % 6)
            {
                case 0:
                    host.RekeyChild(responder.Now, child);
                    break;
                case 1:
                    host.RekeyIkeSa(responder.Now, sa);
                    break;
                case 2:
                    host.DeleteChild(responder.Now, child, CloseReason.DeletedLocally, "fuzzed");
                    break;
                case 3:
                    host.Probe(responder.Now, sa);
                    break;
                case 4:
                    host.CreateChild(responder.Now, sa, new ChildProposal(Selectors(Here.Address, There.Address)));
                    break;
                default:
                    host.DeleteIkeSa(responder.Now, sa, CloseReason.DeletedLocally, "fuzzed", tellPeer: true);
                    break;
            }
        });
    }

    /// <summary>A handshake with a real initiator, whose part the input plays from then on.</summary>
    private static void SetUp(StrippedHost responder)
    {
        using var initiator = new StrippedHost(There.Address, 2) { Tunnel = responder.Tunnel };
        initiator.Do(host => host.Initiate(
            initiator.Now, There.Address, Here.Address, new ChildProposal(Selectors(There.Address, Here.Address), [], [], responder.Tunnel), false, InitialContact.No));
        for (var moved = true; moved;)
        {
            moved = Carry(initiator, responder) | Carry(responder, initiator);
        }

        Must(responder.Children.Count == 1, "the handshake ends with a Child SA");
    }

    private static bool Carry(StrippedHost from, StrippedHost to)
    {
        var any = false;
        while (from.TryTakeSent(out var datagram))
        {
            any = true;
            to.Receive(datagram.Remote, datagram.Local, datagram.Message);
        }

        return any;
    }

    private static SelectorSet Selectors(InetAddress local, InetAddress remote) =>
        SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(local), (byte)IpProtocol.Tcp), TrafficSelector.For(InetPrefix.Of(remote), (byte)IpProtocol.Tcp));
}
