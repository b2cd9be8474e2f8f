using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Latchkey.Daemon.Configuration;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Control;

/// <summary>
/// Which flows a person asks about: <c>[PROTOCOL] [LOCAL[:PORT]] REMOTE[:PORT]</c>, for example
/// <c>tcp 10.0.0.1:7000 10.0.0.2</c>. What is left out means any.
/// </summary>
public sealed record FlowQuery(IpProtocol? Protocol, InetAddress? Local, ushort? LocalPort, InetAddress Remote, ushort? RemotePort)
{
    public static bool TryParse(string? text, [NotNullWhen(true)] out FlowQuery? query, [NotNullWhen(false)] out string? error)
    {
        query = null;

        // The arrow is how flows are printed; what was printed can be asked.
        var words = (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => w != "<->").ToList();
        IpProtocol? protocol = null;
        if (words.Count > 0 && Enum.TryParse<IpProtocol>(words[0], ignoreCase: true, out var named) && char.IsAsciiLetter(words[0][0]))
        {
            protocol = named;
            words.RemoveAt(0);
        }

        if (words.Count is < 1 or > 2)
        {
            error = "a flow is written [PROTOCOL] [LOCAL[:PORT]] REMOTE[:PORT], for example: tcp 10.0.0.1:7000 10.0.0.2";
            return false;
        }

        var endpoints = words.ConvertAll(Endpoint);
        if (endpoints.Contains(null))
        {
            error = $"'{words[endpoints.IndexOf(null)]}' is not an address, address:port or [address]:port";
            return false;
        }

        var (local, remote) = (endpoints.Count == 2 ? endpoints[0] : null, endpoints[^1]!.Value);
        if (local is { } l && l.Address.IsV4 != remote.Address.IsV4)
        {
            error = "the two addresses are of different families";
            return false;
        }

        query = new(protocol, local?.Address, local?.Port, remote.Address, remote.Port);
        error = null;
        return true;
    }

    public bool Matches(FlowKey flow) =>
        (Protocol is null || Protocol == flow.Protocol)
        && (Local is null || Local == flow.Local) && (LocalPort is null || LocalPort == flow.LocalPort)
        && Remote == flow.Remote && (RemotePort is null || RemotePort == flow.RemotePort);

    /// <summary>Some flow of this question is covered by the entry.</summary>
    public bool MayBeCoveredBy(ProtectEntry entry) => PolicyChecks.Overlap(entry, new ProtectEntry
    {
        Name = "",
        Protocol = Protocol,
        Local = Local is { } local ? InetPrefix.Of(local) : null,
        Remote = InetPrefix.Of(Remote),
        Ports = [new(Range(LocalPort), Range(RemotePort))],
    });

    /// <summary>Where the peers of such flows are met: in transport mode at their own address, else at the tunnel's other end.</summary>
    public IReadOnlyCollection<InetAddress> PeersIn(SecurityPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var entries = policy.Protect.Where(MayBeCoveredBy).ToList();
        return entries.Count == 0 ? [Remote] : [.. entries.Select(entry => entry.Tunnel?.Remote ?? Remote).Distinct()];
    }

    public override string ToString() =>
        $"{Protocol?.ToString().ToLowerInvariant() ?? "any"} {(Local is { } local ? Text(local, LocalPort) : "any")} <-> {Text(Remote, RemotePort)}";

    private static PortRange Range(ushort? port) => port is { } p ? new(p, p) : PortRange.Any;

    private static string Text(InetAddress address, ushort? port) => port is { } p ? new InetEndpoint(address, p).ToString() : address.ToString();

    private static (InetAddress Address, ushort? Port)? Endpoint(string word)
    {
        if (InetAddress.TryParse(word, out var bare) && !word.StartsWith('['))
        {
            return (bare, null);
        }

        var colon = word.LastIndexOf(':');
        return colon > 0
            && ushort.TryParse(word.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && InetAddress.TryParse(word[..colon].Trim('[', ']'), out var address)
            && address.IsV6 == word.StartsWith('[')
            ? (address, port)
            : null;
    }
}
