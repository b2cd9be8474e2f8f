using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>What travels between hosts.</summary>
public abstract record Datagram(InetEndpoint From, InetEndpoint To)
{
    public InetAddress Source => From.Address;

    public InetAddress Destination => To.Address;

    /// <summary>The datagram with some bit flipped on the way.</summary>
    public abstract Datagram Corrupted(SimulatedRandom random);
}

/// <summary>IKE on port 500 or 4500; the bytes are real.</summary>
public sealed record IkeDatagram(InetEndpoint From, InetEndpoint To, byte[] Message) : Datagram(From, To)
{
    /// <summary>An IKE_SA_INIT.</summary>
    public bool IsFirstMessage => Message.Length > 18 && Message[18] == 34;

    public override Datagram Corrupted(SimulatedRandom random)
    {
        if (Message.Length == 0)
        {
            return this;
        }

        var bytes = (byte[])Message.Clone();
        bytes[random.Below(bytes.Length)] ^= (byte)(1 << random.Below(8));
        return this with { Message = bytes };
    }

    public override string ToString()
    {
        // Exchange type, flags and message id: RFC 7296 §3.1.
        var header = Message.Length < 28
            ? "short"
            : $"{Exchange(Message[18])} {((Message[19] & 0x20) != 0 ? "response" : "request")} {Message[20..24].Aggregate(0u, (id, b) => (id << 8) | b)}";
        return $"IKE {header}, {Message.Length} octets, {From} -> {To}";
    }

    private static string Exchange(byte type) => type switch
    {
        34 => "IKE_SA_INIT",
        35 => "IKE_AUTH",
        36 => "CREATE_CHILD_SA",
        37 => "INFORMATIONAL",
        _ => $"exchange {type}",
    };
}

/// <summary>ESP, in UDP or as protocol 50: a sealed segment.</summary>
public sealed record EspDatagram(InetEndpoint From, InetEndpoint To, Encapsulation Encapsulation, SealedSegment Sealed) : Datagram(From, To)
{
    // Half of the bits of a small packet are header, the other half are covered by the integrity check: either damage ends in a drop.
    public override Datagram Corrupted(SimulatedRandom random) => this with
    {
        Sealed = random.Chance(0.5) ? Sealed with { Spi = (uint)random.Next() } : Sealed with { Key = default },
    };

    public override string ToString() => $"ESP {Sealed}, {From} -> {To}";
}

/// <summary>A segment that everybody on the way can read and write.</summary>
public sealed record ClearDatagram(Segment Segment)
    : Datagram(new(Segment.Flow.Local, Segment.Flow.LocalPort), new(Segment.Flow.Remote, Segment.Flow.RemotePort))
{
    // TCP's checksum finds it.
    public override Datagram Corrupted(SimulatedRandom random) => this with { Segment = Segment with { Damaged = true } };

    public override string ToString() => $"clear {Segment}";
}
