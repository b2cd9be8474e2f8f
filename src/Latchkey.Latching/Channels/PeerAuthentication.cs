using Latchkey.Crypto;

namespace Latchkey.Latching;

/// <summary>
/// How a peer proved who it is, under one IKE SA. Every latch keeps that of the SA which carried its first packet
/// (RFC 5660 L7); a rekey does not change it, and a later IKE SA is another one.
/// </summary>
/// <param name="Local">What we proved.</param>
/// <param name="Peer">What the peer proved.</param>
/// <param name="PeerName">The peer's name in the configuration, or null.</param>
/// <param name="Trust">How the key was let in: <c>known</c>, <c>pinned</c>, <c>first-use</c> or <c>anyone</c>.</param>
/// <param name="AuthDigest">32 octets over what both ends signed; the same at both.</param>
/// <param name="At">When IKE_AUTH was done; null when that was before the daemon's last start.</param>
public sealed record PeerAuthentication(PeerKey Local, PeerKey Peer, string? PeerName, string Trust, ReadOnlyMemory<byte> AuthDigest, TimeSpan? At)
{
    /// <summary>How the peer did it: "digital signature" (RFC 7427) with its own key, "shared key" or "certificate".</summary>
    public string Method => Peer.ProvedBy;

    /// <summary>In which life of its host the peer spoke; null when it did not say so, or nothing that counts.</summary>
    public PeerLife? Life { get; init; }

    /// <summary>See <see cref="ChannelBindings.EndPoint"/>.</summary>
    public byte[] EndPointBinding => ChannelBindings.EndPoint(Local, Peer);

    /// <summary>See <see cref="ChannelBindings.Unique"/>.</summary>
    public byte[] UniqueBinding => ChannelBindings.Unique(AuthDigest.Span);

    /// <summary>Two are equal when their octets are.</summary>
    public bool Equals(PeerAuthentication? other) =>
        other is not null && Local.Equals(other.Local) && Peer.Equals(other.Peer) && PeerName == other.PeerName && Trust == other.Trust && At == other.At && Life == other.Life
        && AuthDigest.Span.SequenceEqual(other.AuthDigest.Span);

    public override int GetHashCode() => HashCode.Combine(Peer, AuthDigest.Length > 0 ? AuthDigest.Span[0] : 0);
}

/// <summary>One life of a peer's host, as its birth certificate names it (docs/birth-certificates.md).</summary>
/// <param name="Number">Lives are numbered upwards.</param>
/// <param name="Digest">Differs between any two lives.</param>
public readonly record struct PeerLife(ulong Number, UInt128 Digest);
