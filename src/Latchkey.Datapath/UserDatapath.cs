using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// The datapath in user space: IP packets of a TUN device in, ESP out, and back. It decides nothing but
/// <c>sa.Channel == flow.Channel</c>.
/// </summary>
/// <remarks>
/// Every public member has its lane, or both, for as long as it works, the sending included: what <see cref="Block"/>
/// stopped is not on its way any more when it returns. Events are raised within a lane and must only be noted.
/// A packet of a flow that is tied and stands needs its own lane only. Whatever needs a decision, or changes what both
/// lanes read (<see cref="_flows"/>, <see cref="_sas"/>, <see cref="_holds"/>, <see cref="_fragments"/>, <see cref="_innerFragments"/>, <see cref="_notices"/>,
/// <see cref="_local"/>, <see cref="_clear"/>), is put aside and done in both.
/// </remarks>
public sealed partial class UserDatapath : IDatapath, IDisposable
{
    private readonly Lanes _lanes = new();
    private readonly IPacketDevice _tun;
    private readonly IDatapathEvents _events;
    private readonly Func<TimeSpan> _clock;
    private readonly DatapathSettings _settings;

    private readonly DropCounters _drops = new();
    private readonly SaTable _sas = new();
    private readonly FlowTable _flows;
    private readonly HoldQueue _holds;
    private readonly FragmentAssembly _fragments;
    private readonly FragmentAssembly _innerFragments;
    private readonly PathMtuTable _paths;
    private readonly UnknownSpiLimiter _unknownSpis = new();
    private readonly OuterSender _outer;
    private readonly Backpressure _backpressure;
    private readonly IClearPath _clear;
    private readonly LocalDelivery _local;
    private readonly Notices _notices;
    private readonly FollowedFlows _followed;

    /// <param name="tun">Packets of local sockets.</param>
    /// <param name="clock">Monotonic time.</param>
    /// <param name="clear">How flows go in clear; null when none ever may.</param>
    public UserDatapath(
        IPacketDevice tun, OuterLinks outer, IDatapathEvents events, Func<TimeSpan> clock, DatapathSettings? settings = null, IClearPath? clear = null)
    {
        _tun = tun;
        _events = events;
        _clock = clock;
        _settings = settings ?? new();
        _flows = new(_settings.MaximumFlows);
        _opened = new(_flows);
        _leavingFlows = _flows.NewLookups(0);
        _holds = new(_settings, _drops);
        _fragments = new(_drops);
        _innerFragments = new(_drops);
        _paths = new(_settings);
        _outer = new(outer);
        _backpressure = new(outer, _settings.FullLinkPatience);
        _clear = clear ?? new NoClearPath();
        _local = new(tun, _drops);
        _notices = new(_local);
        _followed = new(events.FlowEnded);
        _coalescing = new(_arrivals, tun);
    }

    /// <inheritdoc/>
    public void Install(EspSa sa)
    {
        ArgumentNullException.ThrowIfNull(sa);
        using (_lanes.Both())
        {
            _sas.Add(sa);
            if (sa.Direction == SaDirection.Outbound)
            {
                foreach (var flow in _holds.Waiting.Where(f => f.State == FlowState.Bound && f.Channel!.Id == sa.Channel).ToArray())
                {
                    Release(flow);
                }

                Flush();
            }
        }
    }

    /// <inheritdoc/>
    public void Remove(SaDirection direction, ChannelId channel, uint spi)
    {
        using (_lanes.Both())
        {
            _sas.Remove(direction, channel, spi);
        }
    }

    /// <inheritdoc/>
    public void Move(ChannelId channel, uint spi, InetEndpoint local, InetEndpoint remote, Encapsulation encapsulation)
    {
        using (_lanes.Both())
        {
            foreach (var sa in _sas.Find(channel)?.Outbound.Where(sa => sa.Sa.Spi == spi) ?? [])
            {
                sa.Move(local, remote, encapsulation);
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The flow was tied to another channel before and not forgotten since.</exception>
    public void Bind(FlowKey flow, ChannelId channel)
    {
        using (_lanes.Both())
        {
            var entry = _flows.GetOrAdd(flow);
            if (entry.Channel is { } before && before.Id != channel)
            {
                throw new InvalidOperationException($"{flow} is tied to {before.Id} for life and cannot be tied to {channel}");
            }

            if (entry.State != FlowState.Bound)
            {
                entry.Channel = _sas.GetOrAdd(channel);
                entry.Channel.Flows++;
                entry.State = FlowState.Bound;
                entry.AskAgainAt = default;
                entry.Notice = null;
            }

            Release(entry);
            Flush();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The flow was tied to a channel, or blocked, and not forgotten since.</exception>
    public void Clear(FlowKey flow)
    {
        using (_lanes.Both())
        {
            var entry = _flows.GetOrAdd(flow);
            if (entry.State is not (FlowState.Unknown or FlowState.Clear))
            {
                throw new InvalidOperationException($"{flow} is {entry.State} and cannot go in clear");
            }

            if (!_clear.TryOpen(flow))
            {
                _holds.Drop(entry, DropReason.ClearRefused);
                Remove(entry);
                return;
            }

            entry.State = FlowState.Clear;
            entry.AskAgainAt = default;
            Release(entry);
            Flush();
        }
    }

    /// <inheritdoc/>
    public void Block(FlowKey flow, DropReason reason)
    {
        using (_lanes.Both())
        {
            var entry = _flows.GetOrAdd(flow);
            Untie(entry);
            entry.State = FlowState.Blocked;
            entry.BlockReason = reason;
            _holds.Drop(entry, reason);
        }
    }

    /// <inheritdoc/>
    public void Forget(FlowKey flow)
    {
        using (_lanes.Both())
        {
            if (_flows.Find(flow) is { } entry)
            {
                Untie(entry);
                entry.Notice = null;
                _holds.Drop(entry, DropReason.LatchClosed);
                Remove(entry);
            }
        }
    }

    /// <inheritdoc/>
    public void Follow(FlowKey flow, TimeSpan idle)
    {
        using (_lanes.Both())
        {
            _followed.Follow(_flows.GetOrAdd(flow), idle, _clock());
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The flow is not blocked.</exception>
    public void Notify(FlowKey flow, FlowNotice notice)
    {
        using (_lanes.Both())
        {
            if (_flows.Find(flow) is not { State: FlowState.Blocked } entry)
            {
                throw new InvalidOperationException($"{flow} is not blocked; its socket must not be told before it is");
            }

            _notices.Begin(entry, _clock());
            Flush();
        }
    }

    /// <summary>Everything that happens because time passes; to be called about every 50 ms.</summary>
    public void Tick()
    {
        using (_lanes.Both())
        {
            var now = _clock();
            _fragments.Expire(now);
            _innerFragments.Expire(now);
            _notices.Tick(now);
            _followed.Tick(now);
            ExpireHolds(now);
            foreach (var channel in _sas.Channels)
            {
                if (channel.Answers.Due(now, _settings) is { } silence)
                {
                    _events.Unanswered(channel.Id, silence);
                }
            }

            Flush();
        }
    }

    /// <summary>Moves an SA to a sequence number that would take hours of traffic to reach.</summary>
    internal void SetSequence(SaDirection direction, uint spi, ulong sequence)
    {
        using (_lanes.Both())
        {
            if (direction == SaDirection.Inbound && _sas.TryFindInbound(spi, out var inbound))
            {
                inbound.Window = new(inbound.Sa.Esn, sequence);
            }

            foreach (var outbound in _sas.Channels.SelectMany(c => c.Outbound).Where(sa => direction == SaDirection.Outbound && sa.Sa.Spi == spi))
            {
                outbound.Sequence = sequence;
            }
        }
    }

    public void Dispose()
    {
        using (_lanes.Both())
        {
            _sas.Dispose();
        }
    }

    private void ExpireHolds(TimeSpan now)
    {
        foreach (var flow in _holds.Expire(now))
        {
            // Nobody decided and nobody sends any more: the next packet begins anew. What is followed goes when it is over.
            if (flow is { State: FlowState.Unknown, Course: null })
            {
                Remove(flow);
            }
        }
    }

    /// <summary>Undoes what <see cref="Bind"/> or <see cref="Clear"/> did, but for the memory of the channel.</summary>
    private void Untie(Flow flow)
    {
        flow.CoveredBy = null;
        if (flow.State == FlowState.Clear)
        {
            _clear.Close(flow.Key);
        }

        if (flow.State != FlowState.Bound)
        {
            return;
        }

        var channel = flow.Channel!;
        channel.Flows--;
        if (channel.Flows == 0)
        {
            channel.Answers.Clear();
        }

        _sas.Release(channel);
    }

    private void Remove(Flow flow)
    {
        _followed.Forget(flow);
        _flows.Remove(flow);
    }

    /// <summary>The flow of a packet, new or known; null when the table is full.</summary>
    private Flow? FindOrAdd(FlowKey key)
    {
        if (_flows.Find(key) is { } known)
        {
            return known;
        }

        var added = _flows.TryAdd(key, out var evicted);
        if (evicted is not null)
        {
            _holds.Drop(evicted, DropReason.FlowTableFull);
            if (evicted.Course is not null)
            {
                _followed.Forget(evicted);
                _events.FlowEnded(evicted.Key, FlowEnd.Idle);
            }
        }

        return added;
    }

    /// <summary>Moves what is held for a bound flow, or one in clear, in order. What must wait on is held again.</summary>
    private void Release(Flow flow)
    {
        var now = _clock();
        for (var left = flow.Held?.Count ?? 0; left > 0 && _holds.TryTake(flow, out var held); left--)
        {
            var octets = held.Buffer.AsSpan(0, held.Length);
            if (held.ArrivedInClear)
            {
                ReleaseClear(flow, octets);
            }
            else if (held.ArrivedUnder is { } sa)
            {
                IpPacket.Read(octets, out var packet);
                ReleaseInbound(flow, sa, octets, packet, held.Came, now);
            }
            else if (flow.State == FlowState.Clear)
            {
                IpPacket.Read(octets, out var packet);
                SendClear(octets, packet, held.Offload);
            }
            else
            {
                Outbound(octets, held.Offload, held.Came, now);
            }

            HoldQueue.Return(held);
        }
    }

    /// <summary>Sends what was made beside the batch at hand.</summary>
    private void Flush()
    {
        Depart(_clock());
        _local.Flush();
    }

    private void ReportWear(SaDirection direction, EspSa sa, SaTraffic traffic, ulong sequence)
    {
        if (!traffic.WearingOutReported && traffic.IsWearingOut(_settings, sequence, sa.Esn))
        {
            traffic.WearingOutReported = true;
            _events.SaWearingOut(direction, sa.Spi, sa.Channel);
        }
    }
}
