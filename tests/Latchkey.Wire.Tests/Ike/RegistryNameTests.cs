using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Wire.Tests.Ike;

/// <summary>Numbers and names as in the registries "IKEv2 Parameters" (IANA), confirmed by two other implementations' headers.</summary>
public class RegistryNameTests
{
    [Theory]
    [InlineData(1, "UNSUPPORTED_CRITICAL_PAYLOAD")]
    [InlineData(4, "INVALID_IKE_SPI")]
    [InlineData(5, "INVALID_MAJOR_VERSION")]
    [InlineData(7, "INVALID_SYNTAX")]
    [InlineData(9, "INVALID_MESSAGE_ID")]
    [InlineData(11, "INVALID_SPI")]
    [InlineData(14, "NO_PROPOSAL_CHOSEN")]
    [InlineData(17, "INVALID_KE_PAYLOAD")]
    [InlineData(24, "AUTHENTICATION_FAILED")]
    [InlineData(34, "SINGLE_PAIR_REQUIRED")]
    [InlineData(35, "NO_ADDITIONAL_SAS")]
    [InlineData(36, "INTERNAL_ADDRESS_FAILURE")]
    [InlineData(37, "FAILED_CP_REQUIRED")]
    [InlineData(38, "TS_UNACCEPTABLE")]
    [InlineData(39, "INVALID_SELECTORS")]
    [InlineData(40, "UNACCEPTABLE_ADDRESSES")]
    [InlineData(41, "UNEXPECTED_NAT_DETECTED")]
    [InlineData(43, "TEMPORARY_FAILURE")]
    [InlineData(44, "CHILD_SA_NOT_FOUND")]
    [InlineData(47, "STATE_NOT_FOUND")]
    [InlineData(48, "TS_MAX_QUEUE")]
    [InlineData(16384, "INITIAL_CONTACT")]
    [InlineData(16385, "SET_WINDOW_SIZE")]
    [InlineData(16386, "ADDITIONAL_TS_POSSIBLE")]
    [InlineData(16387, "IPCOMP_SUPPORTED")]
    [InlineData(16388, "NAT_DETECTION_SOURCE_IP")]
    [InlineData(16389, "NAT_DETECTION_DESTINATION_IP")]
    [InlineData(16390, "COOKIE")]
    [InlineData(16391, "USE_TRANSPORT_MODE")]
    [InlineData(16392, "HTTP_CERT_LOOKUP_SUPPORTED")]
    [InlineData(16393, "REKEY_SA")]
    [InlineData(16394, "ESP_TFC_PADDING_NOT_SUPPORTED")]
    [InlineData(16395, "NON_FIRST_FRAGMENTS_ALSO")]
    [InlineData(16396, "MOBIKE_SUPPORTED")]
    [InlineData(16397, "ADDITIONAL_IP4_ADDRESS")]
    [InlineData(16398, "ADDITIONAL_IP6_ADDRESS")]
    [InlineData(16399, "NO_ADDITIONAL_ADDRESSES")]
    [InlineData(16400, "UPDATE_SA_ADDRESSES")]
    [InlineData(16401, "COOKIE2")]
    [InlineData(16402, "NO_NATS_ALLOWED")]
    [InlineData(16403, "AUTH_LIFETIME")]
    [InlineData(16418, "CHILDLESS_IKEV2_SUPPORTED")]
    [InlineData(16419, "QUICK_CRASH_DETECTION")]
    [InlineData(16430, "IKEV2_FRAGMENTATION_SUPPORTED")]
    [InlineData(16431, "SIGNATURE_HASH_ALGORITHMS")]
    [InlineData(16435, "USE_PPK")]
    [InlineData(16436, "PPK_IDENTITY")]
    [InlineData(16437, "NO_PPK_AUTH")]
    [InlineData(16438, "INTERMEDIATE_EXCHANGE_SUPPORTED")]
    [InlineData(16441, "ADDITIONAL_KEY_EXCHANGE")]
    [InlineData(50000, "notify 50000")]
    public void Notify_types(int number, string name) => Assert.Equal(name, RegistryName.Of((NotifyType)number));

    [Fact]
    public void Every_notify_type_is_in_the_table_above()
    {
        var listed = typeof(RegistryNameTests).GetMethod(nameof(Notify_types))!.GetCustomAttributes(typeof(InlineDataAttribute), false)
            .Select(row => (NotifyType)(int)((InlineDataAttribute)row).Data[0]!);
        Assert.Equal(Enum.GetValues<NotifyType>(), listed.Where(Enum.IsDefined).Order());
    }

    [Theory]
    [InlineData(34, "IKE_SA_INIT")]
    [InlineData(35, "IKE_AUTH")]
    [InlineData(36, "CREATE_CHILD_SA")]
    [InlineData(37, "INFORMATIONAL")]
    [InlineData(99, "exchange 99")]
    public void Exchange_types(byte number, string name) => Assert.Equal(name, RegistryName.Of((ExchangeType)number));

    [Theory]
    [InlineData(33, "SA")]
    [InlineData(34, "KE")]
    [InlineData(35, "IDi")]
    [InlineData(36, "IDr")]
    [InlineData(37, "CERT")]
    [InlineData(38, "CERTREQ")]
    [InlineData(39, "AUTH")]
    [InlineData(40, "Nonce")]
    [InlineData(41, "N")]
    [InlineData(42, "D")]
    [InlineData(43, "V")]
    [InlineData(44, "TSi")]
    [InlineData(45, "TSr")]
    [InlineData(46, "SK")]
    [InlineData(47, "CP")]
    [InlineData(48, "EAP")]
    [InlineData(53, "SKF")]
    [InlineData(200, "payload 200")]
    public void Payload_types(byte number, string name) => Assert.Equal(name, RegistryName.Of((PayloadType)number));

    [Fact]
    public void Numbers_without_names_of_their_own()
    {
        Assert.Equal((1, 2, 3), ((int)IkeProtocol.Ike, (int)IkeProtocol.Ah, (int)IkeProtocol.Esp));
        Assert.Equal(
            (1, 2, 3, 4, 5),
            ((int)TransformType.Encryption, (int)TransformType.Prf, (int)TransformType.Integrity, (int)TransformType.KeyExchange, (int)TransformType.ExtendedSequenceNumbers));
        Assert.Equal((14, 13, 15), ((int)AuthMethod.DigitalSignature, (int)AuthMethod.Null, (int)CertificateEncoding.RawPublicKey));
    }
}
