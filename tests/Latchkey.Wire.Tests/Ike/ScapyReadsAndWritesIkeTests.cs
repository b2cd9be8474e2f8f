using Latchkey.Judges;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Wire.Tests.Ike;

/// <summary>The same IKE messages for us and for scapy, an implementation that is not ours, in both directions.</summary>
public class ScapyReadsAndWritesIkeTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] PublicValue = [.. Enumerable.Range(101, 32).Select(i => (byte)i)];

    private static readonly IkeMessage Init = new(
        IkeHeader.ForRequest(0x0102030405060708, 0, ExchangeType.IkeSaInit, fromInitiator: true, messageId: 0),
        [
            new SaPayload(
            [
                new Proposal(1, IkeProtocol.Ike, [],
                [
                    Transform.Of(TransformType.Encryption, 20, 256),
                    Transform.Of(TransformType.Prf, 5),
                    Transform.Of(TransformType.KeyExchange, 31),
                ]),
            ]),
            new KeyExchangePayload(31, PublicValue),
            new NoncePayload(Nonce),
            new NotifyPayload(NotifyType.SignatureHashAlgorithms, 0, 2, 0, 5),
        ]);

    private static readonly IkeMessage Auth = new(
        IkeHeader.ForRequest(0x0102030405060708, 0x1112131415161718, ExchangeType.IkeAuth, fromInitiator: true, messageId: 1),
        [
            new IdentificationPayload(OfInitiator: true, 11, [1, 2, 3, 4]),
            new CertificatePayload(CertificateEncoding.RawPublicKey, [.. Nonce]),
            new AuthPayload(AuthMethod.DigitalSignature, [9, 8, 7]),
            new TrafficSelectorPayload(OfInitiator: true, [Selector("192.0.2.1", 0, 65535), Selector("192.0.2.9", 179, 179)]),
            new TrafficSelectorPayload(OfInitiator: false, [Selector("198.51.100.2", 0, 65535)]),
        ]);

    [Fact]
    public void What_scapy_writes_is_what_we_write()
    {
        var lines = Scapy.Run(
            """
            from scapy.contrib.ikev2 import *
            nonce = bytes(range(1, 33))
            sa = IKEv2_payload_SA(prop=IKEv2_payload_Proposal(trans_nb=3, next_payload=0, trans=
                IKEv2_payload_Transform(transform_type=1, transform_id=20, key_length=256, length=12, next_payload=3)
                / IKEv2_payload_Transform(transform_type=2, transform_id=5, next_payload=3)
                / IKEv2_payload_Transform(transform_type=4, transform_id=31, next_payload=0)))
            init = (IKEv2(init_SPI=bytes(range(1, 9)), resp_SPI=bytes(8), exch_type=34, flags="Initiator", next_payload=33)
                / sa.copy() / IKEv2_payload_KE(group=31, load=bytes(range(101, 133))) / IKEv2_payload_Nonce(load=nonce)
                / IKEv2_payload_Notify(type=16431, load=bytes([0, 2, 0, 5]), next_payload=0))
            init[IKEv2_payload_SA].next_payload = 34
            init[IKEv2_payload_KE].next_payload = 40
            init[IKEv2_payload_Nonce].next_payload = 41
            print(bytes(init).hex())
            def ts(a, first, last): return IPv4TrafficSelector(IP_protocol_ID=6, start_port=first, end_port=last, starting_address_v4=a, ending_address_v4=a)
            auth = (IKEv2(init_SPI=bytes(range(1, 9)), resp_SPI=bytes(range(0x11, 0x19)), exch_type=35, flags="Initiator", id=1, next_payload=35)
                / IKEv2_payload_IDi(IDtype=11, ID=bytes([1, 2, 3, 4]), length=12, next_payload=37)
                / IKEv2_payload_CERT_STR(cert_type=15, cert_data=nonce, next_payload=39)
                / IKEv2_payload_AUTH(auth_type=14, load=bytes([9, 8, 7]), next_payload=44)
                / IKEv2_payload_TSi(traffic_selector=[ts("192.0.2.1", 0, 65535), ts("192.0.2.9", 179, 179)], next_payload=45)
                / IKEv2_payload_TSr(traffic_selector=[ts("198.51.100.2", 0, 65535)], next_payload=0))
            print(bytes(auth).hex())
            """);
        Assert.Equal(lines[0], Convert.ToHexStringLower(Init.ToBytes()));
        Assert.Equal(lines[1], Convert.ToHexStringLower(Auth.ToBytes()));
        Assert.All(lines, line => Assert.True(IkeMessage.TryRead(Convert.FromHexString(line), out _, out _)));
    }

    [Fact]
    public void What_we_write_scapy_reads()
    {
        var lines = Scapy.Run(
            $"""
            from scapy.contrib.ikev2 import *
            def walk(octets):
                layer = IKEv2(octets)
                assert layer.length == len(octets)
                while layer and not isinstance(layer, NoPayload):
                    print(type(layer).__name__)
                    layer = layer.payload
            walk(bytes.fromhex("{Convert.ToHexStringLower(Init.ToBytes())}"))
            m = IKEv2(bytes.fromhex("{Convert.ToHexStringLower(Init.ToBytes())}"))
            t = m[IKEv2_payload_SA].prop.trans
            print(t.transform_type, t.transform_id, t.key_length & 0xffff, t.payload.transform_id, t.payload.payload.transform_id)
            print(m[IKEv2_payload_KE].group, m[IKEv2_payload_KE].load.hex())
            print(m[IKEv2_payload_Notify].type, m[IKEv2_payload_Notify].load.hex())
            walk(bytes.fromhex("{Convert.ToHexStringLower(Auth.ToBytes())}"))
            m = IKEv2(bytes.fromhex("{Convert.ToHexStringLower(Auth.ToBytes())}"))
            print(m[IKEv2_payload_TSi].number_of_TSs, m[IKEv2_payload_TSi].traffic_selector[1].starting_address_v4, m[IKEv2_payload_TSi].traffic_selector[1].start_port)
            """);
        Assert.Equal(
            [
                "IKEv2", "IKEv2_payload_SA", "IKEv2_payload_KE", "IKEv2_payload_Nonce", "IKEv2_payload_Notify",
                "1 20 256 5 31",
                $"31 {Convert.ToHexStringLower(PublicValue)}",
                "16431 00020005",
                "IKEv2", "IKEv2_payload_IDi", "IKEv2_payload_CERT_STR", "IKEv2_payload_AUTH", "IKEv2_payload_TSi", "IKEv2_payload_TSr",
                "2 192.0.2.9 179",
            ],
            lines);
    }

    private static TrafficSelector Selector(string address, ushort first, ushort last) =>
        TrafficSelector.For(InetPrefix.Of(InetAddress.Parse(address)), (byte)IpProtocol.Tcp, first, last);
}
