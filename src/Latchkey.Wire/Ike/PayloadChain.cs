using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>The chain of payloads behind a header or inside an encrypted payload (RFC 7296 §3.2).</summary>
public static class PayloadChain
{
    /// <summary>Octets of the generic payload header.</summary>
    public const int GenericHeader = 4;

    private const byte CriticalBit = 0x80;

    /// <summary>Reads payloads until the chain ends; the octets must end with it. Never throws.</summary>
    /// <param name="origin">Where <paramref name="octets"/> begin in the message, for errors.</param>
    public static bool TryRead(
        PayloadType first, ReadOnlySpan<byte> octets, int origin, out ImmutableArray<IkePayload> payloads, out IkeParseError error)
    {
        var reader = new IkeReader(octets, origin);
        var chain = ImmutableArray.CreateBuilder<IkePayload>();
        var type = first;
        while (type != PayloadType.NoNextPayload && !reader.Failed)
        {
            if (chain.Count == IkeLimits.Payloads)
            {
                reader.Fail("payloads", IkeLimits.Payloads, chain.Count + 1);
                break;
            }

            var next = (PayloadType)reader.U8("payload header");
            var critical = (reader.U8("payload header") & CriticalBit) != 0;
            var length = reader.U16("payload length");
            if (length < GenericHeader)
            {
                reader.Fail("payload length", GenericHeader, length);
                break;
            }

            var body = reader.Part(length - GenericHeader, RegistryName.Of(type));
            if (reader.Failed)
            {
                break;
            }

            chain.Add(ReadBody(type, next, ref body) with { Critical = critical });
            reader.Adopt(body.Error);
            // The "next payload" of SK and SKF names the first payload inside it.
            type = type is PayloadType.Encrypted or PayloadType.EncryptedFragment ? PayloadType.NoNextPayload : next;
        }

        if (reader.Remaining > 0)
        {
            reader.Fail("octets behind the last payload", 0, reader.Remaining);
        }

        payloads = reader.Failed ? [] : chain.ToImmutable();
        error = reader.Error ?? default;
        return !reader.Failed;
    }

    /// <summary>Writes the payloads, each with its generic header.</summary>
    public static void Write(IkeWriter writer, IReadOnlyList<IkePayload> payloads)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(payloads);
        for (var i = 0; i < payloads.Count; i++)
        {
            var start = writer.Length;
            writer.U8((byte)NextOf(payloads, i));
            writer.U8(payloads[i].Critical ? CriticalBit : (byte)0);
            writer.U16(0);
            payloads[i].WriteBody(writer);
            writer.PatchU16(start + 2, writer.Length - start);
        }
    }

    /// <summary>The type that goes into the field before the chain.</summary>
    public static PayloadType FirstOf(IReadOnlyList<IkePayload> payloads)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        return payloads.Count == 0 ? PayloadType.NoNextPayload : payloads[0].Type;
    }

    private static PayloadType NextOf(IReadOnlyList<IkePayload> payloads, int i) => payloads[i] switch
    {
        EncryptedPayload encrypted => encrypted.FirstInner,
        _ when i + 1 < payloads.Count => payloads[i + 1].Type,
        _ => PayloadType.NoNextPayload,
    };

    private static IkePayload ReadBody(PayloadType type, PayloadType next, ref IkeReader body) => type switch
    {
        PayloadType.SecurityAssociation => SaPayload.Read(ref body),
        PayloadType.KeyExchange => KeyExchangePayload.Read(ref body),
        PayloadType.IdentificationInitiator => IdentificationPayload.Read(ref body, ofInitiator: true),
        PayloadType.IdentificationResponder => IdentificationPayload.Read(ref body, ofInitiator: false),
        PayloadType.Certificate => CertificatePayload.Read(ref body),
        PayloadType.CertificateRequest => CertificateRequestPayload.Read(ref body),
        PayloadType.Authentication => AuthPayload.Read(ref body),
        PayloadType.Nonce => NoncePayload.Read(ref body),
        PayloadType.Notify => NotifyPayload.Read(ref body),
        PayloadType.Delete => DeletePayload.Read(ref body),
        PayloadType.VendorId => new VendorIdPayload(body.Rest().ToArray()),
        PayloadType.TrafficSelectorInitiator => TrafficSelectorPayload.Read(ref body, ofInitiator: true),
        PayloadType.TrafficSelectorResponder => TrafficSelectorPayload.Read(ref body, ofInitiator: false),
        PayloadType.Encrypted => EncryptedPayload.Read(ref body, next),
        PayloadType.EncryptedFragment => EncryptedPayload.ReadFragment(ref body, next),
        _ => new UnknownPayload(type, body.Rest().ToArray()),
    };
}
