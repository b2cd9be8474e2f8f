using System.Collections.Immutable;

namespace Latchkey.Wire;

/// <summary>
/// The traffic selectors of a Child SA from this host's point of view: every combination of a local and a remote
/// selector is covered (RFC 7296 §2.9).
/// </summary>
public sealed record SelectorSet(ImmutableArray<TrafficSelector> Local, ImmutableArray<TrafficSelector> Remote)
{
    public static SelectorSet Of(TrafficSelector local, TrafficSelector remote) => new([local], [remote]);

    /// <summary>Covers one flow and nothing else.</summary>
    public static SelectorSet Of(FlowKey flow) => Of(
        TrafficSelector.For(InetPrefix.Of(flow.Local), (byte)flow.Protocol, flow.LocalPort, flow.LocalPort),
        TrafficSelector.For(InetPrefix.Of(flow.Remote), (byte)flow.Protocol, flow.RemotePort, flow.RemotePort));

    public bool IsEmpty => Local.IsEmpty || Remote.IsEmpty;

    /// <summary>The one flow that is covered, when it is no more than one.</summary>
    public FlowKey? SingleFlow => Local is [{ IsSingle: true } local] && Remote is [{ IsSingle: true } remote] && local.Protocol == remote.Protocol
        ? new FlowKey((IpProtocol)local.Protocol, local.StartAddress, local.StartPort, remote.StartAddress, remote.StartPort)
        : null;

    public bool Covers(FlowKey flow)
    {
        foreach (var local in Local)
        {
            if (local.Covers(flow.Local, flow.Protocol, flow.LocalPort))
            {
                foreach (var remote in Remote)
                {
                    if (remote.Covers(flow.Remote, flow.Protocol, flow.RemotePort))
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        return false;
    }

    /// <summary>Each selector of the other is covered by one of ours, and so are its flows.</summary>
    public bool Covers(SelectorSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Covers(Local, other.Local) && Covers(Remote, other.Remote);
    }

    /// <summary>What both sets cover, side by side; empty when nothing (RFC 7296 §2.9 narrowing).</summary>
    public SelectorSet Intersect(SelectorSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(Intersect(Local, other.Local), Intersect(Remote, other.Remote));
    }

    public bool Equals(SelectorSet? other) =>
        other is not null && Local.AsSpan().SequenceEqual(other.Local.AsSpan()) && Remote.AsSpan().SequenceEqual(other.Remote.AsSpan());

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var selector in Local)
        {
            hash.Add(selector);
        }

        foreach (var selector in Remote)
        {
            hash.Add(selector);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"{string.Join(",", Local)} === {string.Join(",", Remote)}";

    private static bool Covers(ImmutableArray<TrafficSelector> ours, ImmutableArray<TrafficSelector> theirs)
    {
        foreach (var theirSelector in theirs)
        {
            var covered = false;
            foreach (var selector in ours)
            {
                covered |= selector.Covers(theirSelector);
            }

            if (!covered)
            {
                return false;
            }
        }

        return true;
    }

    private static ImmutableArray<TrafficSelector> Intersect(ImmutableArray<TrafficSelector> ours, ImmutableArray<TrafficSelector> theirs)
    {
        var common = ImmutableArray.CreateBuilder<TrafficSelector>();
        foreach (var a in ours)
        {
            foreach (var b in theirs)
            {
                if (a.Intersect(b) is { } both && !common.Contains(both))
                {
                    common.Add(both);
                }
            }
        }

        return common.ToImmutable();
    }
}
