using System.Collections.Immutable;
using CsCheck;
using Latchkey.Wire.Ike;

namespace Latchkey.Wire.Tests.Ike;

/// <summary>Generators of well-formed IKE messages.</summary>
internal static class IkeGen
{
    private static readonly Gen<byte[]> Octets = Gen.Byte.Array[0, 80];

    private static readonly Gen<TransformAttribute> Attribute = Gen.OneOf(
        Gen.UShort.Select(bits => new TransformAttribute(TransformAttribute.KeyLengthType, bits, null)),
        Gen.Select(Gen.UShort[0, 0x7fff], Gen.UShort, (type, value) => new TransformAttribute(type, value, null)),
        Gen.Select(Gen.UShort[0, 0x7fff], Octets, (type, value) => new TransformAttribute(type, 0, value)));

    private static readonly Gen<Transform> AnyTransform = Gen.Select(
        Gen.Byte, Gen.UShort, Attribute.Array[0, 3], (type, id, attributes) => new Transform((TransformType)type, id, [.. attributes]));

    private static readonly Gen<Proposal> AnyProposal = Gen.Select(
        Gen.Byte, Gen.Byte, Gen.Byte.Array[0, 8], AnyTransform.Array[0, 6],
        (number, protocol, spi, transforms) => new Proposal(number, (IkeProtocol)protocol, spi, [.. transforms]));

    private static readonly Gen<InetAddress> V4 = Gen.UInt.Select(InetAddress.FromV4);

    private static readonly Gen<InetAddress> V6 = Gen.Select(Gen.ULong, Gen.ULong, (high, low) => InetAddress.FromV6(new UInt128(high, low)));

    private static readonly Gen<TrafficSelector> Selector = Gen.Bool.SelectMany(v4 => Gen.Select(
        v4 ? V4 : V6, v4 ? V4 : V6, Gen.Byte, Gen.UShort, Gen.UShort, (start, end, protocol, first, last) => new TrafficSelector(start, end, protocol, first, last)));

    private static readonly Gen<IkePayload> Payload = Gen.OneOf(
        AnyProposal.Array[1, 4].Select(p => (IkePayload)new SaPayload([.. p])),
        Gen.Select(Gen.UShort, Octets, (method, value) => (IkePayload)new KeyExchangePayload(method, value)),
        Gen.Byte.Array[IkeLimits.NonceMinimum, IkeLimits.NonceMaximum].Select(n => (IkePayload)new NoncePayload(n)),
        Gen.Select(Gen.Byte, Gen.Byte.Array[0, 8], Gen.UShort, Octets, (protocol, spi, type, data) => (IkePayload)new NotifyPayload((IkeProtocol)protocol, spi, (NotifyType)type, data)),
        Gen.UInt.Array[0, 5].Select(spis => (IkePayload)DeletePayload.Esp([.. spis])),
        Gen.Const((IkePayload)DeletePayload.IkeSa),
        Octets.Select(id => (IkePayload)new VendorIdPayload(id)),
        Gen.Select(Gen.Bool, Gen.Byte, Octets, Gen.UInt[0, 0xff_ffff], (i, type, data, reserved) => (IkePayload)new IdentificationPayload(i, type, data, reserved)),
        Gen.Select(Gen.Byte, Octets, (encoding, data) => (IkePayload)new CertificatePayload((CertificateEncoding)encoding, data)),
        Gen.Select(Gen.Byte, Octets, (encoding, data) => (IkePayload)new CertificateRequestPayload((CertificateEncoding)encoding, data)),
        Gen.Select(Gen.Byte, Octets, (method, data) => (IkePayload)new AuthPayload((AuthMethod)method, data)),
        Gen.Select(Gen.Bool, Selector.Array[0, 4], (i, selectors) => (IkePayload)new TrafficSelectorPayload(i, [.. selectors])),
        Gen.Select(Gen.Byte[54, 255], Octets, (type, body) => (IkePayload)new UnknownPayload((PayloadType)type, body)));

    private static readonly Gen<IkePayload> MaybeCritical = Gen.Select(Payload, Gen.Bool, (payload, critical) => payload with { Critical = critical });

    public static readonly Gen<IkeMessage> Message = Gen.Select(
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Byte, Gen.Byte, Gen.UInt), MaybeCritical.Array[0, 8], Gen.Select(Gen.Bool, Gen.Byte, Octets, Gen.UShort[0, 9]),
        (h, payloads, encrypted) => new IkeMessage(
            new IkeHeader(h.Item1, h.Item2, PayloadType.NoNextPayload, IkeHeader.Version2, (ExchangeType)h.Item3, (IkeFlags)h.Item4, h.Item5, 0),
            encrypted.Item1
                ? [.. payloads, new EncryptedPayload((PayloadType)encrypted.Item2, encrypted.Item3, 0, encrypted.Item4 > 0 ? new FragmentNumber(encrypted.Item4, 9) : null)]
                : [.. payloads]));
}
