namespace Latchkey.Interop.Cases;

/// <summary>One case as its file has it: two configurations, steps, and what each step expects.</summary>
public sealed record InteropCase
{
    /// <summary>Unique, for the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What it shows, for people.</summary>
    public required string Title { get; init; }

    /// <summary>The peer's own scenario that it is modelled on.</summary>
    public string? Like { get; init; }

    /// <summary>Part of the short form.</summary>
    public bool Short { get; init; }

    /// <summary>Over IPv6 too; IPv4 always.</summary>
    public bool Ipv6 { get; init; }

    /// <summary>Which host is behind a NAT: latchkey, the peer, or null for none. Only that one can begin.</summary>
    public string? Behind { get; init; }

    public LatchkeyPart Latchkey { get; init; } = new();

    public StrongSwanPart Strongswan { get; init; } = new();

    /// <summary>The peer is Libreswan; null: strongSwan.</summary>
    public LibreswanPart? Libreswan { get; init; }

    /// <summary>The name of the peer's host.</summary>
    public string Peer => Libreswan is null ? "strongswan" : "libreswan";

    public required List<string> Steps { get; init; }

    /// <summary>The hosts have inner addresses, {latchkey.inner} and {peer.inner}, and applications use those.</summary>
    public bool Tunnel { get; init; }

    /// <summary>
    /// In a tunnel: Latchkey is the gateway of {latchkey.net}, and applications use a host of that net. The peer has {peer.inner}
    /// of {peer.net}.
    /// </summary>
    public bool Net { get; init; }

    /// <summary>The peer is known at its other address too.</summary>
    public bool Moves => Steps.Any(step => step.StartsWith("move ", StringComparison.Ordinal));

    /// <summary>Both hosts have addresses of both families, and the peer is known at both of its.</summary>
    public bool IsDual => Steps.Contains("dual");

    /// <summary>The peer's host has a kernel of its own, whose ESP it uses; else it brings ESP itself and is a host as Latchkey's.</summary>
    public bool IsInMachine => !Strongswan.Libipsec;

    /// <summary>Steps look at the link.</summary>
    public bool IsRecorded => IsJudged || Steps.Any(step => step is "quiet" || step.StartsWith("wire ", StringComparison.Ordinal));

    /// <summary>tshark is given the keys.</summary>
    public bool IsJudged => Steps.Contains("judge");

    /// <summary>What the peer's software cannot do, so that the case ends there. Only with the line of its log that proves it.</summary>
    public Limitation? Limitation { get; init; }
}

/// <summary>Bodies of the sections of latchkey.toml. Null leaves the suite's default in place.</summary>
public sealed record LatchkeyPart
{
    /// <summary>Of which algorithm its key is: ed25519, ecdsa or rsa.</summary>
    public string Key { get; init; } = "ed25519";

    public string? Identity { get; init; }

    public string? Ike { get; init; }

    public string? Protect { get; init; }

    public string? Peer { get; init; }
}

/// <summary>Bodies of the sections of swanctl.conf and strongswan.conf. Null leaves the suite's default in place.</summary>
public sealed record StrongSwanPart
{
    public string Key { get; init; } = "ed25519";

    public string? Connection { get; init; }

    public string? Local { get; init; }

    public string? Remote { get; init; }

    public string? Child { get; init; }

    public string? Secrets { get; init; }

    /// <summary>Certificates of intermediate authorities that it has.</summary>
    public List<string> Cacerts { get; init; } = [];

    /// <summary>Its ESP is its own, in user space (plugin kernel-libipsec): tunnel mode, in UDP, 32-bit sequence numbers.</summary>
    public bool Libipsec { get; init; }

    /// <summary>Options of the daemon itself.</summary>
    public string? Charon { get; init; }
}

/// <summary>What goes into ipsec.conf and ipsec.secrets.</summary>
public sealed record LibreswanPart
{
    /// <summary>Of which algorithm its key is, ecdsa or rsa, with a certificate for it named "libreswan"; null: it has none.</summary>
    public string? Key { get; init; }

    /// <summary>Lines of the group file "interop": its members are the other end, and called when somebody wants to reach them (opportunistic encryption).</summary>
    public string? Group { get; init; }

    /// <summary>Lines of the connection, beside ends, mode and protocol.</summary>
    public string Conn { get; init; } = "authby=secret";

    public string Secrets { get; init; } = "{peer} {latchkey} : PSK \"a secret that both ends know\"\n";

    /// <summary>Arguments of whack each time that it has started.</summary>
    public List<string> Whack { get; init; } = [];
}

/// <param name="Text">What it cannot do.</param>
/// <param name="Log">A regular expression that a line of its log must match.</param>
public sealed record Limitation(string Text, string Log);
