using Latchkey.Crypto;

namespace Latchkey.Ike;

/// <summary>How a known peer proves itself, and this host to it (RFC 7296 §2.15). The two may differ.</summary>
/// <param name="Peer">Its name in the configuration, for messages.</param>
public sealed record PeerCredentials(string Peer, PeerProof Theirs, OwnProof Ours)
{
    /// <summary>What the peer must assert; null: whatever goes with its key.</summary>
    public IkeIdentification? TheirId { get; init; }

    /// <summary>What we assert; null: what goes with our proof.</summary>
    public IkeIdentification? OurId { get; init; }

    /// <summary>What goes into the keys beside all key exchanges (RFC 8784); null: nothing.</summary>
    public PostquantumKey? Ppk { get; init; }
}

/// <summary>A postquantum preshared key (RFC 8784): who breaks every key exchange of today lacks it still.</summary>
/// <param name="Id">What both ends call it.</param>
/// <param name="IsMandatory">No SA without it.</param>
public sealed record PostquantumKey(ReadOnlyMemory<byte> Id, SecretBytes Secret, bool IsMandatory);

/// <summary>What proves a peer.</summary>
public abstract record PeerProof
{
    private PeerProof()
    {
    }

    /// <summary>A public key of its own.</summary>
    /// <param name="Known">The key itself, for peers that do not send it; null: the one they send, which is authorised by its fingerprint.</param>
    public sealed record Key(PeerKey? Known) : PeerProof;

    /// <summary>A certificate of one of these authorities for the ID.</summary>
    public sealed record Certificate(CertificateAuthority Authority) : PeerProof;

    /// <summary>A secret that both ends know.</summary>
    public sealed record SharedKey(SecretBytes Secret) : PeerProof;

    /// <summary>Nothing at all (RFC 7619): whoever it is.</summary>
    public sealed record Null : PeerProof;
}

/// <summary>What we prove ourselves with.</summary>
public abstract record OwnProof
{
    private OwnProof()
    {
    }

    /// <summary>Our bare public key.</summary>
    public sealed record Key : OwnProof;

    /// <summary>The certificate of our key (<see cref="IkeSettings.Certificate"/>).</summary>
    public sealed record Certificate : OwnProof;

    /// <summary>A secret that both ends know.</summary>
    public sealed record SharedKey(SecretBytes Secret) : OwnProof;

    /// <summary>Nothing at all (RFC 7619).</summary>
    public sealed record Null : OwnProof;
}
