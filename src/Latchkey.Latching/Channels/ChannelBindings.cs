using Latchkey.Crypto;

namespace Latchkey.Latching;

/// <summary>
/// Octets that name an IPsec channel to the application at both of its ends (RFC 5056): who compares them over the
/// connection, protected by a secret of his own, knows that nobody sits in the middle. docs/channel-bindings.md has the format.
/// </summary>
/// <remarks>The prefixes are private: IANA has registered none for IPsec.</remarks>
public static class ChannelBindings
{
    private static ReadOnlySpan<byte> EndPointPrefix => "x-latchkey-ipsec-end-point:"u8;

    private static ReadOnlySpan<byte> UniquePrefix => "x-latchkey-ipsec-unique:"u8;

    /// <summary>The end-point form: both public keys, the lesser first, so that both ends write the same.</summary>
    public static byte[] EndPoint(PeerKey one, PeerKey other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var a = one.SubjectPublicKeyInfo;
        var b = other.SubjectPublicKeyInfo;
        return a.SequenceCompareTo(b) <= 0 ? [.. EndPointPrefix, .. a, .. b] : [.. EndPointPrefix, .. b, .. a];
    }

    /// <summary>The unique form: the digest of what both ends signed in the exchange that made the IKE SA.</summary>
    public static byte[] Unique(ReadOnlySpan<byte> authDigest) => [.. UniquePrefix, .. authDigest];
}
