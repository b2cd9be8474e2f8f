using System.Buffers.Binary;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>An SA that protects what this host sends (RFC 4303 §3.3).</summary>
internal sealed class OutboundSa : IDisposable
{
    private readonly AeadKey _key;

    /// <summary>Takes the key material over.</summary>
    public OutboundSa(EspSa sa)
    {
        Sa = sa;
        _key = InboundSa.TakeKey(sa);
    }

    public EspSa Sa { get; }

    /// <summary>The last sequence number used.</summary>
    public ulong Sequence { get; set; }

    public SaTraffic Traffic { get; } = new();

    private ulong LastSequence => Sa.Esn ? ulong.MaxValue : uint.MaxValue;

    /// <summary>Protects a payload in place.</summary>
    /// <param name="room">Has 16 octets free before the payload and <see cref="PacketBatch.Tailroom"/> behind it.</param>
    /// <param name="offset">First octet of the payload; afterwards of the ESP packet.</param>
    /// <param name="length">Octets of the payload; afterwards of the ESP packet.</param>
    /// <returns>False when the sequence numbers are used up: they must not cycle (RFC 4303 §3.3.3).</returns>
    public bool TrySeal(Span<byte> room, ref int offset, ref int length, IpProtocol nextHeader)
    {
        if (Sequence == LastSequence)
        {
            return false;
        }

        Sequence++;
        var ivLength = Sa.Algorithm.IvLength;
        var textLength = length + EspTrailer.Write(room[(offset + length)..], length, nextHeader);
        var start = offset - ivLength - EspView.HeaderLength;
        EspView.WriteHeader(room[start..], Sa.Spi, (uint)Sequence);

        // The sequence number never repeats under a key, and neither does the IV made of it (RFC 4106 §3.1).
        var iv = room.Slice(start + EspView.HeaderLength, ivLength);
        BinaryPrimitives.WriteUInt64BigEndian(iv, Sequence);
        var aad = EspAad.Write(stackalloc byte[EspAad.MaximumLength], Sa.Spi, Sequence, Sa.Esn);
        _key.Encrypt(iv, aad, room.Slice(offset, textLength), room.Slice(offset + textLength, Sa.Algorithm.IcvLength));

        length = EspView.HeaderLength + ivLength + textLength + Sa.Algorithm.IcvLength;
        offset = start;
        Traffic.Count(length);
        return true;
    }

    public void Dispose() => _key.Dispose();
}
