using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>An SA that protects what this host receives (RFC 4303 §3.4).</summary>
internal sealed class InboundSa : IDisposable
{
    /// <summary>Every cipher of ESP that we negotiate has an explicit IV as long as an extended sequence number.</summary>
    public const int IvLength = sizeof(ulong);

    private readonly AeadKey _key;
    private readonly int _icvLength;

    /// <summary>Takes the key material over.</summary>
    /// <param name="channel">The channel it belongs to, which lives as long.</param>
    public InboundSa(EspSa sa, Channel channel)
    {
        Sa = sa;
        Channel = channel;
        Window = new(sa.Esn);
        _key = TakeKey(sa);
        _icvLength = sa.Algorithm.IcvLength;
    }

    public EspSa Sa { get; }

    public Channel Channel { get; }

    public ReplayWindow Window { get; set; }

    public SaTraffic Traffic { get; } = new();

    /// <summary>Makes the key of an SA and clears the material it was made of.</summary>
    /// <exception cref="ArgumentException">The cipher does not take a sequence number as its IV.</exception>
    public static AeadKey TakeKey(EspSa sa)
    {
        using var material = sa.KeyMaterial;
        return sa.Algorithm.IvLength == IvLength
            ? sa.Algorithm.CreateKey(material.Span)
            : throw new ArgumentException($"ESP needs an explicit IV of {IvLength} octets; {sa.Algorithm} has {sa.Algorithm.IvLength}", nameof(sa));
    }

    /// <summary>Checks and decrypts an ESP packet in place.</summary>
    /// <param name="payload">Where the payload lies within <paramref name="packet"/>.</param>
    /// <returns>Null, or why the packet is dropped.</returns>
    public DropReason? Open(Span<byte> packet, out Range payload, out IpProtocol nextHeader)
    {
        payload = default;
        nextHeader = IpProtocol.NoNext;
        const int Clear = EspView.HeaderLength + IvLength;
        var textLength = packet.Length - Clear - _icvLength;
        if (textLength < EspTrailer.Alignment || textLength % EspTrailer.Alignment != 0 || !EspView.TryCreate(packet, out var esp))
        {
            return DropReason.Malformed;
        }

        var sequence = Window.Infer(esp.SequenceNumber);
        if (!Window.IsFresh(sequence))
        {
            return DropReason.Replayed;
        }

        var text = packet.Slice(Clear, textLength);
        var aad = EspAad.Write(stackalloc byte[EspAad.MaximumLength], Sa.Spi, sequence, Sa.Esn);
        if (!_key.TryDecrypt(packet[EspView.HeaderLength..Clear], aad, text, packet[(Clear + textLength)..]))
        {
            return DropReason.IntegrityFailed;
        }

        Window.Accept(sequence);
        Traffic.Count(packet.Length);
        if (!EspTrailer.TryRead(text, out var trailer))
        {
            return DropReason.Malformed;
        }

        payload = Clear..(Clear + trailer.PayloadLength);
        nextHeader = trailer.NextHeader;
        return null;
    }

    public void Dispose() => _key.Dispose();
}
