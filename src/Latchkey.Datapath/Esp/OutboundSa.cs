using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>An SA that protects what this host sends (RFC 4303 §3.3).</summary>
internal sealed class OutboundSa : IDisposable
{
    /// <summary>What <see cref="TrailerFor"/> says at most: no cipher has blocks of more than 16 octets.</summary>
    public const int LongestTrailer = EspTrailer.FixedLength + 15;

    private readonly AeadKey _key;
    private readonly int _icvLength;
    private readonly int _alignment;
    private readonly EspAad _aad;

    /// <summary>Takes the key material over.</summary>
    public OutboundSa(EspSa sa)
    {
        Sa = sa;
        _key = InboundSa.TakeKey(sa);
        _icvLength = sa.Algorithm.IcvLength;
        _alignment = InboundSa.AlignmentOf(sa);
        _aad = new(sa.Spi, sa.Esn);
        HeaderLength = EspView.HeaderLength + sa.Algorithm.IvLength;
    }

    public EspSa Sa { get; private set; }

    /// <summary>Octets in front of the payload: SPI, sequence number and IV.</summary>
    public int HeaderLength { get; }

    /// <summary>The last sequence number used.</summary>
    public ulong Sequence { get; set; }

    public SaTraffic Traffic { get; } = new();

    private ulong LastSequence => Sa.Esn ? ulong.MaxValue : uint.MaxValue;

    /// <summary>Our end of the way; without a port when ESP travels bare.</summary>
    public InetEndpoint OuterLocal => Outer(Sa.Local);

    /// <summary>The peer's end of the way; without a port when ESP travels bare.</summary>
    public InetEndpoint OuterRemote => Outer(Sa.Remote);

    /// <summary>Goes between other ends from now on.</summary>
    public void Move(InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation) => Sa = Sa with { Local = local, Remote = remote, Encapsulation = encapsulation };

    /// <summary>Octets behind a payload that are encrypted with it.</summary>
    public int TrailerFor(int payloadLength) => EspTrailer.LengthFor(payloadLength, _alignment);

    /// <summary>Octets of the ESP packet around a payload.</summary>
    public int LengthFor(int payloadLength) => HeaderLength + payloadLength + TrailerFor(payloadLength) + _icvLength;

    /// <summary>Protects a payload.</summary>
    /// <param name="packet">As long as <see cref="LengthFor"/> says.</param>
    /// <param name="text">
    /// The payload and room for <see cref="TrailerFor"/>: what lies behind <see cref="HeaderLength"/> in <paramref name="packet"/>, or
    /// not overlapping it.
    /// </param>
    /// <returns>False when the sequence numbers are used up: they must not cycle (RFC 4303 §3.3.3).</returns>
    public bool TrySeal(Span<byte> packet, Span<byte> text, int payloadLength, IpProtocol nextHeader)
    {
        if (Sequence == LastSequence)
        {
            return false;
        }

        Sequence++;
        EspTrailer.Write(text[payloadLength..], payloadLength, nextHeader, _alignment);
        EspView.WriteHeader(packet, Sa.Spi, (uint)Sequence);

        // The sequence number never repeats under a key, and neither does the IV made of it (RFC 4106 §3.1).
        var iv = packet[EspView.HeaderLength..HeaderLength];
        _key.WriteIv(Sequence, iv);
        _key.Encrypt(iv, _aad.For(Sequence), text, packet.Slice(HeaderLength, text.Length), packet[(HeaderLength + text.Length)..]);
        Traffic.Count(packet.Length);
        return true;
    }

    public void Dispose() => _key.Dispose();

    private InetEndpoint Outer(InetEndpoint end) => Sa.Encapsulation == Encapsulation.Udp ? end : end with { Port = 0 };
}
