namespace Latchkey.Client;

/// <summary>What the daemon knows of a connection. Everything but the state is fixed for the life of the latch.</summary>
/// <param name="Flow">The connection.</param>
/// <param name="Entry">The operator's <c>[[protect]]</c> entry that covers it; null when none does, and nothing protects it.</param>
/// <param name="Latched">Whatever arrives on it comes from <paramref name="Peer"/>, and nobody else reads what is sent.</param>
/// <param name="Clear">It was let go in clear, for life: its peer spoke no IPsec when it began.</param>
/// <param name="State">The latch; null when there is none.</param>
/// <param name="Local">The identity this host proved.</param>
/// <param name="Peer">The identity the peer proved.</param>
/// <param name="Authentication">How the peer proved it, and why that was enough.</param>
/// <param name="Quality">How well the connection is protected.</param>
/// <param name="Outer">Where protected packets go and come from.</param>
/// <param name="ChannelBindings">What both ends of this channel know, and no man in the middle can make equal (RFC 5056).</param>
public sealed record Latch(
    Flow Flow,
    string? Entry,
    bool Latched,
    bool Clear,
    [property: System.Text.Json.Serialization.JsonPropertyName("latch")] LatchState? State,
    Identity? Local,
    Identity? Peer,
    Authentication? Authentication,
    Quality? Quality,
    OuterPath? Outer,
    ChannelBindings? ChannelBindings);

/// <summary>A 5-tuple seen from this host.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="Local">This host's address.</param>
/// <param name="LocalPort">This host's port.</param>
/// <param name="Remote">The peer's address; unspecified for a listener.</param>
/// <param name="RemotePort">The peer's port; 0 for a listener.</param>
public sealed record Flow(string Protocol, string Local, int LocalPort, string Remote, int RemotePort);

/// <summary>A latch and where it stands (RFC 5660 §2.2).</summary>
/// <param name="Id">Its number; events name it.</param>
/// <param name="State">LARVAL, LISTENER, ESTABLISHED, BROKEN or CLOSED; more may come.</param>
/// <param name="Flow">What it is about.</param>
/// <param name="Entry">The operator's <c>[[protect]]</c> entry.</param>
/// <param name="Disposition">What its owner is told when it breaks: <c>wait</c>, <c>close</c> or <c>failover</c>.</param>
/// <param name="Reason">Why it is BROKEN or CLOSED, else null.</param>
/// <param name="Since">When it entered its state, UTC.</param>
public sealed record LatchState(uint Id, string State, Flow Flow, string Entry, string Disposition, string? Reason, DateTime Since);

/// <summary>An identity: a public key.</summary>
/// <param name="Key">Its fingerprint, <c>SHA256:…</c>.</param>
/// <param name="Spki">The key itself: DER SubjectPublicKeyInfo (RFC 5280).</param>
/// <param name="Algorithm">For example <c>Ed25519</c>.</param>
/// <param name="Name">What the operator calls the peer, if he knows it.</param>
public sealed record Identity(string Key, byte[] Spki, string Algorithm, string? Name);

/// <summary>How a peer proved its identity.</summary>
/// <param name="Method">For example <c>digital signature</c>.</param>
/// <param name="Trust">How the key was let in: <c>known</c> or <c>pinned</c> by the operator, <c>first-use</c>, or <c>anyone</c>; more may come.</param>
/// <param name="At">When, UTC; null when it was before the daemon's last start.</param>
public sealed record Authentication(string Method, string Trust, DateTime? At);

/// <summary>How well a connection is protected.</summary>
/// <param name="Protection">For example <c>confidentiality and integrity</c>.</param>
/// <param name="Mode"><c>transport</c>.</param>
/// <param name="Suite">The cipher, for example <c>AES-GCM-16-256/ESN</c>.</param>
/// <param name="KeyBits">Bits of key.</param>
/// <param name="Esn">64-bit sequence numbers.</param>
/// <param name="Narrow">A Child SA covers this connection and nothing else.</param>
public sealed record Quality(string Protection, string Mode, string Suite, int KeyBits, bool Esn, bool Narrow);

/// <summary>Where protected packets go and come from, as this host sees it.</summary>
/// <param name="Local">Address and port of this host.</param>
/// <param name="Remote">Address and port of the peer, or of the NAT in front of it.</param>
/// <param name="Encapsulation"><c>udp</c> or <c>esp</c>.</param>
/// <param name="Nat">Where a NAT changes addresses: <c>here</c>, <c>there</c> or <c>both</c>; null when there is none.</param>
/// <param name="PeerPrivateAddress">The peer's own address behind its NAT, as it says.</param>
public sealed record OuterPath(string Local, string Remote, string Encapsulation, string? Nat, string? PeerPrivateAddress);

/// <summary>Channel bindings (RFC 5056). Compare them with the peer's under a protection of your own, never over the bare connection.</summary>
/// <param name="EndPoint">Which two keys: stays the same as long as both hosts keep theirs.</param>
/// <param name="Unique">Which exchange: another one for every IKE SA.</param>
public sealed record ChannelBindings(byte[] EndPoint, byte[] Unique);
