using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace Latchkey.Crypto;

/// <summary>What stands behind a name that is not a key.</summary>
public enum NameProof : byte
{
    /// <summary>Both ends know a secret (RFC 7296 §2.15).</summary>
    SharedKey = 2,

    /// <summary>An authority's certificate binds the name to a key, which may be renewed (RFC 4945).</summary>
    Certificate = 4,

    /// <summary>Nothing (RFC 7619): the name is one IKE SA's, and nobody is known by it.</summary>
    Null = 13,
}

/// <summary>
/// The identity of a peer that is known by a name and not by a key of its own: the ID it asserted, and how that was proved.
/// Latches are tied to it as they are to a public key, so a renewed certificate does not break them, and another name does.
/// </summary>
/// <remarks>
/// Where the octets of a key are asked for it has those of a SubjectPublicKeyInfo with an algorithm of our own, so that no
/// name can ever equal a key. Nothing verifies with it: a stranger who sends one as its raw public key proves nothing.
/// </remarks>
public sealed class ProvenName : PeerKey
{
    /// <summary>A UUID as an OID (ITU-T X.667), which needs no registration.</summary>
    private const string Oid = "2.25.214378654907158126934416708365117228109";

    private readonly NameProof _proof;

    /// <param name="idType">From the registry "IKEv2 Identification Payload ID Types".</param>
    /// <param name="id">The data of the ID payload.</param>
    public ProvenName(NameProof proof, byte idType, ReadOnlySpan<byte> id)
        : base(Encode([(byte)proof, idType, .. id])) => _proof = proof;

    public override string Algorithm => ProvedBy;

    public override string ProvedBy => _proof switch
    {
        NameProof.SharedKey => "shared key",
        NameProof.Certificate => "certificate",
        _ => "NULL",
    };

    public override bool ProvesNothing => _proof == NameProof.Null;

    public override bool Verify(ReadOnlySpan<byte> algorithmIdentifier, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => false;

    public override string ToString() => ProvesNothing ? "nobody (NULL)" : base.ToString();

    /// <summary>Reads what <see cref="PeerKey.SubjectPublicKeyInfo"/> gave.</summary>
    internal static bool TryRestore(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out ProvenName? name)
    {
        name = null;
        try
        {
            var info = new AsnReader(octets.ToArray(), AsnEncodingRules.DER).ReadSequence();
            if (info.ReadSequence().ReadObjectIdentifier() == Oid && info.ReadBitString(out _) is [var proof, var idType, .. var id]
                && Enum.IsDefined((NameProof)proof))
            {
                name = new ProvenName((NameProof)proof, idType, id);
            }
        }
        catch (AsnContentException)
        {
        }

        return name is not null && name.SubjectPublicKeyInfo.SequenceEqual(octets);
    }

    private static byte[] Encode(byte[] content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oid);
            }

            writer.WriteBitString(content);
        }

        return writer.Encode();
    }
}
