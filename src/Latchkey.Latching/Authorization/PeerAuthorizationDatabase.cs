using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// The PAD (RFC 4301 §4.4.3) with the BTNS extension (RFC 5386 §2): known entries first, then at most one wildcard that
/// matches every key.
/// </summary>
public sealed class PeerAuthorizationDatabase(SecurityPolicy policy)
{
    private readonly ImmutableArray<KnownPeer> _known = policy.Peers;

    /// <summary>The wildcard entry exists when some protect entry lets BTNS peers in (B8).</summary>
    private readonly bool _wildcard = policy.Protect.Any(entry => entry.BtnsOk);

    /// <summary>Whether a peer that proved <paramref name="key"/> may be at an address: the search, and whose the address is.</summary>
    /// <param name="openToStrangers">The wildcard counts although no protect entry lets BTNS peers in.</param>
    public PadResult Authorize(AssertedIdentity asserted, KeyFingerprint key, InetAddress address, bool openToStrangers = false)
    {
        var match = Find(asserted, key, openToStrangers);
        return match is PadResult.Refused || MaySpeakFor(match, address, out var why) ? match : new PadResult.Refused(why!);
    }

    /// <summary>The two-pass search of RFC 5386 §2 (B5) for a peer that proved it holds <paramref name="key"/>.</summary>
    public PadResult Find(AssertedIdentity asserted, KeyFingerprint key, bool openToStrangers = false)
    {
        ArgumentNullException.ThrowIfNull(asserted);
        foreach (var peer in _known)
        {
            if (peer.Key == key)
            {
                return new PadResult.Known(peer);
            }
        }

        // B7: who claims to be a known peer and proves another key is refused; it does not become a BTNS peer.
        foreach (var peer in _known)
        {
            if (asserted.Claims(peer))
            {
                return new PadResult.Refused(
                    $"it claims to be '{peer.Name}' ({asserted}), whose key is {peer.Key}, but proved {key}; if '{peer.Name}' has a new key, compare it by telephone and put it into the configuration");
            }
        }

        return _wildcard || openToStrangers
            ? new PadResult.Btns(key)
            : new PadResult.Refused($"no [[peer]] has the key {key}, and every [[protect]] entry has trust = \"known\"");
    }

    /// <summary>Whether an address belongs to a known peer.</summary>
    public bool IsOwned(InetAddress address) => _known.Any(peer => peer.Owns(address));

    /// <summary>Whether an authorised peer may speak for an address (B11: never for one that a known peer owns).</summary>
    public bool MaySpeakFor(PadResult peer, InetAddress address, out string? why)
    {
        if (peer is PadResult.Known { Peer: var known })
        {
            why = known.Owns(address) ? null : $"'{known.Name}' owns {string.Join(", ", known.Addresses)}, not {address}";
            return why is null;
        }

        var owner = _known.FirstOrDefault(k => k.Owns(address));
        why = owner is null ? null : $"{address} belongs to the known peer '{owner.Name}', whose key is {owner.Key}";
        return peer is PadResult.Btns && owner is null;
    }
}

/// <summary>What a peer asserts about itself, in the terms the PAD knows. A claim, not a proof.</summary>
/// <param name="Key">An ID_KEY_ID of 32 octets: the fingerprint of the key it says it has.</param>
/// <param name="Address">An address ID.</param>
/// <param name="Name">A name ID.</param>
public sealed record AssertedIdentity(KeyFingerprint? Key, InetAddress? Address, string? Name)
{
    internal bool Claims(KnownPeer peer) =>
        Key == peer.Key || (Address is { } address && peer.Owns(address)) || (Name is not null && Name.Equals(peer.Name, StringComparison.OrdinalIgnoreCase));

    public override string ToString() => Key?.ToString() ?? Address?.ToString() ?? Name ?? "no identity";
}

/// <summary>Which entry of the PAD a peer matched.</summary>
public abstract record PadResult
{
    private PadResult()
    {
    }

    /// <summary>A known entry, authenticated.</summary>
    public sealed record Known(KnownPeer Peer) : PadResult;

    /// <summary>The BTNS wildcard: the identity is the key itself.</summary>
    public sealed record Btns(KeyFingerprint Key) : PadResult;

    /// <summary>No entry, or a known entry whose authentication failed.</summary>
    public sealed record Refused(string Reason) : PadResult;
}
