using System.Text;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>ID types of RFC 7296 §3.5.</summary>
public enum IdType : byte
{
    Ipv4Address = 1,
    Fqdn = 2,
    Rfc822Address = 3,
    Ipv6Address = 5,
    DerAsn1Dn = 9,
    DerAsn1Gn = 10,
    KeyId = 11,
    Null = 13,
}

/// <summary>What a peer asserts in its ID payload. Until a key proves it, a claim and nothing more.</summary>
public sealed record IkeIdentification(IdType Type, ReadOnlyMemory<byte> Data)
{
    /// <summary>The address of an ID_IPV4_ADDR or ID_IPV6_ADDR of the right length, else null.</summary>
    public InetAddress? Address => (Type, Data.Length) switch
    {
        (IdType.Ipv4Address, 4) or (IdType.Ipv6Address, 16) => InetAddress.FromBytes(Data.Span),
        _ => null,
    };

    public bool Equals(IkeIdentification? other) =>
        other is not null && Type == other.Type && Data.Span.SequenceEqual(other.Data.Span);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Type);
        hash.AddBytes(Data.Span);
        return hash.ToHashCode();
    }

    /// <summary>Printable; octets a peer chose are escaped.</summary>
    public override string ToString() => Type switch
    {
        IdType.Ipv4Address or IdType.Ipv6Address when Address is { } address => address.ToString(),
        IdType.Fqdn or IdType.Rfc822Address when Data.Span.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7e) < 0 => Encoding.ASCII.GetString(Data.Span),
        _ => $"{Type}:{Convert.ToHexStringLower(Data.Span)}",
    };
}
