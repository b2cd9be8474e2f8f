using System.Text;

namespace Latchkey.Wire.Ike;

/// <summary>The name by which the IANA registry, and every other implementation's log, knows a number.</summary>
public static class RegistryName
{
    /// <summary>For example <c>NO_PROPOSAL_CHOSEN</c>; a number without a name stays a number.</summary>
    public static string Of(NotifyType type) => type switch
    {
        // The registry joins IKEV2 to one word.
        NotifyType.IkeV2FragmentationSupported => "IKEV2_FRAGMENTATION_SUPPORTED",
        _ when !Enum.IsDefined(type) => $"notify {(ushort)type}",
        _ => Capitals(type.ToString()),
    };

    /// <summary>For example <c>IKE_SA_INIT</c>.</summary>
    public static string Of(ExchangeType type) => type switch
    {
        _ when !Enum.IsDefined(type) => $"exchange {(byte)type}",
        _ => Capitals(type.ToString()),
    };

    /// <summary>The notation of payloads in RFC 7296 §1.2, for example <c>TSi</c>.</summary>
    public static string Of(PayloadType type) => type switch
    {
        PayloadType.NoNextPayload => "none",
        PayloadType.SecurityAssociation => "SA",
        PayloadType.KeyExchange => "KE",
        PayloadType.IdentificationInitiator => "IDi",
        PayloadType.IdentificationResponder => "IDr",
        PayloadType.Certificate => "CERT",
        PayloadType.CertificateRequest => "CERTREQ",
        PayloadType.Authentication => "AUTH",
        PayloadType.Nonce => "Nonce",
        PayloadType.Notify => "N",
        PayloadType.Delete => "D",
        PayloadType.VendorId => "V",
        PayloadType.TrafficSelectorInitiator => "TSi",
        PayloadType.TrafficSelectorResponder => "TSr",
        PayloadType.Encrypted => "SK",
        PayloadType.Configuration => "CP",
        PayloadType.Eap => "EAP",
        PayloadType.EncryptedFragment => "SKF",
        _ => $"payload {(byte)type}",
    };

    private static string Capitals(string words)
    {
        var name = new StringBuilder(words.Length + 8);
        foreach (var letter in words)
        {
            if (char.IsAsciiLetterUpper(letter) && name.Length > 0)
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(letter));
        }

        return name.ToString();
    }
}
