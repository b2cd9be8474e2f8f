using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>An SA that protects what this host receives (RFC 4303 §3.4).</summary>
internal sealed class InboundSa : IDisposable
{
    private readonly AeadKey _key;
    private readonly int _icvLength;
    private readonly int _alignment;
    private readonly EspAad _aad;

    /// <summary>Takes the key material over.</summary>
    /// <param name="channel">The channel it belongs to, which lives as long.</param>
    public InboundSa(EspSa sa, Channel channel)
    {
        Sa = sa;
        Channel = channel;
        Window = new(sa.Esn);
        _key = TakeKey(sa);
        HeaderLength = EspView.HeaderLength + sa.Algorithm.IvLength;
        _icvLength = sa.Algorithm.IcvLength;
        _alignment = AlignmentOf(sa);
        _aad = new(sa.Spi, sa.Esn);
    }

    public EspSa Sa { get; }

    public Channel Channel { get; }

    /// <summary>Octets in front of the payload: SPI, sequence number and IV.</summary>
    public int HeaderLength { get; }

    public ReplayWindow Window { get; set; }

    public SaTraffic Traffic { get; } = new();

    /// <summary>Makes the key of an SA and clears the material it was made of.</summary>
    public static AeadKey TakeKey(EspSa sa)
    {
        using var material = sa.KeyMaterial;
        return sa.Algorithm.CreateKey(material.Span);
    }

    /// <summary>Of what the encrypted text is a multiple, a power of two: what ESP wants, or the cipher (RFC 4303 §2.4).</summary>
    public static int AlignmentOf(EspSa sa) => Math.Max(EspTrailer.Alignment, sa.Algorithm.BlockLength);

    /// <summary>Checks and decrypts an ESP packet in place.</summary>
    /// <param name="payloadLength">Octets of payload behind <see cref="HeaderLength"/>.</param>
    /// <returns>Null, or why the packet is dropped.</returns>
    public DropReason? Open(Span<byte> packet, out int payloadLength, out IpProtocol nextHeader)
    {
        payloadLength = 0;
        nextHeader = IpProtocol.NoNext;
        var textLength = packet.Length - HeaderLength - _icvLength;
        if (textLength < _alignment || (textLength & (_alignment - 1)) != 0 || !EspView.TryCreate(packet, out var esp))
        {
            return DropReason.Malformed;
        }

        var sequence = Window.Infer(esp.SequenceNumber);
        if (!Window.IsFresh(sequence))
        {
            return DropReason.Replayed;
        }

        var text = packet.Slice(HeaderLength, textLength);
        if (!_key.TryDecrypt(packet[EspView.HeaderLength..HeaderLength], _aad.For(sequence), text, packet[(HeaderLength + textLength)..]))
        {
            return DropReason.IntegrityFailed;
        }

        Window.Accept(sequence);
        Traffic.Count(packet.Length);
        if (!EspTrailer.TryRead(text, out var trailer))
        {
            return DropReason.Malformed;
        }

        payloadLength = trailer.PayloadLength;
        nextHeader = trailer.NextHeader;
        return null;
    }

    public void Dispose() => _key.Dispose();
}
