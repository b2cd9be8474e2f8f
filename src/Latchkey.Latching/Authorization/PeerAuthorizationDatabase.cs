using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Latching;

/// <summary>
/// The PAD (RFC 4301 §4.4.3) with the BTNS extension (RFC 5386 §2): known entries first, then pins (one address, one key:
/// the leap of faith of RFC 5387 §5.7 made into entries), then at most one wildcard that matches every key.
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
        ArgumentNullException.ThrowIfNull(asserted);
        if (asserted.ProvesNothing)
        {
            return _known.FirstOrDefault(peer => peer.ProvesNothing && peer.Owns(address)) is { } anonymous
                ? new PadResult.Known(anonymous)
                : new PadResult.Refused($"it proves nothing (NULL), and no [[peer]] at {address} may do so")
                {
                    Configured = "a proof",
                    Remedies = [$"here: a [[peer]] with auth = \"null\" and addresses = [\"{address}\"], and nobody knows who it is"],
                };
        }

        var match = Find(asserted, key, openToStrangers);
        return match is PadResult.Refused ? match : ObjectionTo(match, address) ?? match;
    }

    /// <summary>Whether a peer that is authorised where it is met may be at another address too, to which its tunnel moves.</summary>
    public PadResult AlsoAt(PadResult peer, InetAddress address) => peer is PadResult.Refused ? peer : ObjectionTo(peer, address) ?? peer;

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
                return new PadResult.Refused($"it claims to be '{peer.Name}' ({asserted}), whose key is {peer.Key}, but proved {key}")
                {
                    Configured = peer.Key.ToString(),
                    Remedies = [$"if '{peer.Name}' has a new key, compare it by telephone; then here, in [[peer]] \"{peer.Name}\": key = \"{key}\""],
                };
            }
        }

        if (Belied(asserted, key) is { } pin)
        {
            return new PadResult.Refused($"it claims to be the peer pinned at {pin.Address} ({asserted}), whose key is {pin.Key}, but proved {key}")
            {
                Configured = pin.Key.ToString(),
                Remedies = [$"if it has a new key, compare it by telephone; then here: latchkey pin {pin.Address} --key {key}"],
            };
        }

        return _wildcard || openToStrangers || policy.Pins.IsPinnedByPerson(key)
            ? new PadResult.Btns(key)
            : new PadResult.Refused($"no [[peer]] has the key {key}, and every [[protect]] entry has trust = \"known\"")
            {
                Configured = _known.IsEmpty ? "no [[peer]]" : string.Join(", ", _known.Select(peer => peer.Key)),
                Remedies = [$"compare the key by telephone; then here, in the [[peer]] of that host: key = \"{key}\""],
            };
    }

    /// <summary>Whether an address belongs to one peer: a known one, or one that is pinned there.</summary>
    public bool IsOwned(InetAddress address) => _known.Any(peer => peer.Owns(address)) || PinAt(address) is not null;

    /// <summary>Whether an authorised peer may speak for an address (B11: never for one that a known peer or a pin owns).</summary>
    public bool MaySpeakFor(PadResult peer, InetAddress address, out string? why)
    {
        why = ObjectionTo(peer, address)?.Reason;
        return why is null;
    }

    /// <summary>
    /// The pin that binds an address, or null: it belongs to a known peer, whose entry outranks every pin, or any key that the
    /// entry trusts may speak for it.
    /// </summary>
    public Pin? PinAt(InetAddress address) =>
        policy.Pins.At(address) is { } pin && (pin.Origin == PinOrigin.Person || TrustsFirstUse(address)) && !_known.Any(peer => peer.Owns(address)) ? pin : null;

    private PadResult.Refused? ObjectionTo(PadResult peer, InetAddress address) => peer switch
    {
        PadResult.Known { Peer: var known } => known.Owns(address) ? null : new($"'{known.Name}' owns {string.Join(", ", known.Addresses)}, not {address}")
        {
            Configured = $"'{known.Name}' at {string.Join(", ", known.Addresses)}",
            Remedies = [$"here, in [[peer]] \"{known.Name}\": addresses = [{string.Join(", ", known.Addresses.Select(a => $"\"{a}\"").Append($"\"{address}\""))}]"],
        },
        PadResult.Btns { Key: var key } => _known.FirstOrDefault(k => k.Owns(address)) is { } owner
            ? owner.ProvesNothing ? new($"{address} belongs to '{owner.Name}', who proves nothing (NULL)") { Configured = "no proof" }
            : new($"{address} belongs to the known peer '{owner.Name}', whose key is {owner.Key}")
            {
                Configured = owner.Key.ToString(),
                Remedies = [$"if '{owner.Name}' has a new key, compare it by telephone; then here, in [[peer]] \"{owner.Name}\": key = \"{key}\""],
            }
            : PinAt(address) is { } pin && pin.Key != key
                // What to do about a changed key depends on its cause (ChangedKey).
                ? new($"{address} is pinned to {pin.Key}, {Origin(pin)}; another key is refused until a person decides") { Configured = pin.Key.ToString() }
                : null,
        _ => new("it matches no entry"),
    };

    private static string Origin(Pin pin) => pin.Origin == PinOrigin.Person ? "by a person" : "the first key seen there";

    private bool TrustsFirstUse(InetAddress address) =>
        policy.Protect.Any(entry => entry.Trust == TrustLevel.FirstUse && (entry.Tunnel is { } tunnel ? tunnel.Remote == address : entry.Remote?.Contains(address) ?? true));

    /// <summary>The entry a person made (B7) that the peer claims to be and whose key it did not prove.</summary>
    private Pin? Belied(AssertedIdentity asserted, KeyFingerprint key) =>
        asserted.Address is { } address && policy.Pins.At(address) is { Origin: PinOrigin.Person } there && there.Key != key
            ? there
            : asserted.Key is { } claimed && claimed != key
                ? policy.Pins.PlacesOf(claimed).Select(policy.Pins.At).FirstOrDefault(pin => pin is { Origin: PinOrigin.Person } && pin.Key == claimed)
                : null;
}

/// <summary>What a peer asserts about itself, in the terms the PAD knows. A claim, not a proof.</summary>
/// <param name="Key">An ID_KEY_ID of 32 octets: the fingerprint of the key it says it has.</param>
/// <param name="Address">An address ID.</param>
/// <param name="Name">A name ID.</param>
public sealed record AssertedIdentity(KeyFingerprint? Key, InetAddress? Address, string? Name)
{
    /// <summary>Of a peer that proves nothing what it asserts counts for nothing (RFC 7619 §2.2).</summary>
    public static AssertedIdentity Nobody { get; } = new(null, null, null) { ProvesNothing = true };

    public bool ProvesNothing { get; private init; }

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
    public sealed record Refused(string Reason) : PadResult
    {
        /// <summary>Whose key, or which addresses, would have matched.</summary>
        public string Configured { get; init; } = "nothing";

        /// <summary>What would let the peer in, one line each.</summary>
        public ImmutableArray<string> Remedies { get; init; } = [];
    }
}
