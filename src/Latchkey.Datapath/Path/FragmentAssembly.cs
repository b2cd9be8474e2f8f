using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>
/// Puts together the fragments that the local stack made of large datagrams: transport-mode ESP is never applied to
/// fragments (RFC 4303 §3.3.4). And those that a tunnel carries, because only the first one names its flow (RFC 4301 §7). Bounded in datagrams and in time; overlapping fragments void their datagram (RFC 5722).
/// </summary>
internal sealed class FragmentAssembly(DropCounters drops)
{
    private const int MaximumDatagrams = 32;
    private const int MaximumPayload = ushort.MaxValue - Ipv6View.HeaderLength;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);

    private readonly Dictionary<FragmentKey, Datagram> _open = [];
    private readonly Stack<Datagram> _free = [];

    /// <summary>Adds a fragment.</summary>
    /// <param name="came">In what fragments the whole packet came.</param>
    /// <param name="channel">The channel it came under: what others send is no part of the same datagram. Null for a local one.</param>
    /// <returns>The whole packet once nothing is missing, valid until the next call; otherwise empty.</returns>
    public Span<byte> Add(ReadOnlySpan<byte> packet, TimeSpan now, out Fragments came, ChannelId? channel = null)
    {
        came = default;
        if (!TryRead(packet, channel, out var fragment))
        {
            drops.Count(DropReason.UnsupportedProtocol);
            return default;
        }

        if (!_open.TryGetValue(fragment.Key, out var datagram))
        {
            if (_open.Count >= MaximumDatagrams)
            {
                MakeRoom();
            }

            datagram = _free.TryPop(out var used) ? used : new Datagram();
            datagram.Begin(now);
            _open.Add(fragment.Key, datagram);
        }

        if (!datagram.TryPlace(fragment.Payload, fragment.Offset, fragment.More))
        {
            Close(fragment.Key, datagram);
            drops.Count(DropReason.FragmentIncomplete);
            return default;
        }

        datagram.Largest = Math.Max(datagram.Largest, packet.Length);
        datagram.IsMarked |= (TrafficClass.Of(packet) & TrafficClass.EcnMask) == TrafficClass.EcnMask;
        if (!datagram.IsComplete)
        {
            return default;
        }

        Close(fragment.Key, datagram);
        if (fragment.Offset > 0 || fragment.More)
        {
            // One alone is a whole packet that says otherwise (RFC 6946).
            came = new(datagram.Largest, fragment.Key.Identification);
        }

        var whole = datagram.Finish(fragment.Key, packet);
        if (datagram.IsMarked)
        {
            TrafficClass.Set(whole, (byte)(TrafficClass.Of(whole) | TrafficClass.EcnMask));
        }

        return whole;
    }

    /// <summary>Gives up datagrams whose fragments did not all come.</summary>
    public void Expire(TimeSpan now)
    {
        if (_open.Count == 0)
        {
            return;
        }

        foreach (var (key, datagram) in _open.ToArray())
        {
            if (now - datagram.Since >= Lifetime)
            {
                Close(key, datagram);
                drops.Count(DropReason.FragmentIncomplete);
            }
        }
    }

    /// <summary>Whoever has most of it gives up its oldest: what one tunnel lost costs no datagram of another.</summary>
    private void MakeRoom()
    {
        var (key, oldest) = _open.GroupBy(open => open.Key.Channel).MaxBy(channel => channel.Count())!.MinBy(open => open.Value.Since);
        Close(key, oldest);
        drops.Count(DropReason.FragmentIncomplete);
    }

    private static bool TryRead(ReadOnlySpan<byte> packet, ChannelId? channel, out Fragment fragment)
    {
        fragment = default;
        if (Ipv4View.TryCreate(packet, out var v4))
        {
            fragment = new(
                new(v4.Source, v4.Destination, v4.Protocol, v4.Identification, channel), v4.FragmentOffset, v4.MoreFragments, v4.Payload);
            return v4.HeaderLength == Ipv4View.MinimumHeaderLength;
        }

        if (!Ipv6View.TryCreate(packet, out var v6) || v6.NextHeader != IpProtocol.Fragment
            || !FragmentHeader.TryRead(v6.Payload, out var header))
        {
            return false;
        }

        fragment = new(
            new(v6.Source, v6.Destination, header.NextHeader, header.Identification, channel), header.Offset, header.MoreFragments,
            v6.Payload[FragmentHeader.Length..]);
        return true;
    }

    private void Close(FragmentKey key, Datagram datagram)
    {
        _open.Remove(key);
        _free.Push(datagram);
    }

    private readonly record struct FragmentKey(InetAddress Source, InetAddress Destination, IpProtocol Protocol, uint Identification, ChannelId? Channel);

    private readonly ref struct Fragment(FragmentKey key, int offset, bool more, ReadOnlySpan<byte> payload)
    {
        public FragmentKey Key { get; } = key;

        public int Offset { get; } = offset;

        public bool More { get; } = more;

        public ReadOnlySpan<byte> Payload { get; } = payload;
    }

    /// <summary>A datagram in the making; its units of eight octets are ticked off as they come.</summary>
    private sealed class Datagram
    {
        private const int Unit = 8;

        // Room for an IP header in front of the payload.
        private readonly byte[] _packet = new byte[Ipv6View.HeaderLength + MaximumPayload];
        private readonly bool[] _placed = new bool[(MaximumPayload / Unit) + 1];
        private int _placedOctets;
        private int _length;

        public TimeSpan Since { get; private set; }

        /// <summary>Octets of the largest fragment.</summary>
        public int Largest { get; set; }

        /// <summary>Congestion was experienced by some fragment, and so by the datagram (RFC 3168 §5.3).</summary>
        public bool IsMarked { get; set; }

        public bool IsComplete => _placedOctets == _length;

        public void Begin(TimeSpan now)
        {
            Since = now;
            IsMarked = false;
            Largest = 0;
            _placedOctets = 0;
            _length = -1;
            Array.Clear(_placed);
        }

        public bool TryPlace(ReadOnlySpan<byte> payload, int offset, bool more)
        {
            var end = offset + payload.Length;
            var isLast = !more;
            if (payload.IsEmpty || end > MaximumPayload || (more && payload.Length % Unit != 0)
                || (_length >= 0 && (isLast || end > _length)))
            {
                return false;
            }

            var units = _placed.AsSpan(offset / Unit, (payload.Length + Unit - 1) / Unit);
            if (units.Contains(true) || (isLast && _placed.AsSpan((offset / Unit) + units.Length).Contains(true)))
            {
                return false;
            }

            units.Fill(true);
            payload.CopyTo(_packet.AsSpan(Ipv6View.HeaderLength + offset));
            _placedOctets += payload.Length;
            _length = isLast ? end : _length;
            return true;
        }

        /// <param name="fragment">Any of the fragments: all have the same IP header but for the fragment fields.</param>
        public Span<byte> Finish(FragmentKey key, ReadOnlySpan<byte> fragment)
        {
            if (Ipv6View.TryCreate(fragment, out var v6))
            {
                (Ipv6Header.From(v6) with { NextHeader = key.Protocol }).Write(_packet, _length);
                return _packet.AsSpan(0, Ipv6View.HeaderLength + _length);
            }

            Ipv4View.TryCreate(fragment, out var v4);
            const int Start = Ipv6View.HeaderLength - Ipv4View.MinimumHeaderLength;
            (Ipv4Header.From(v4) with { MoreFragments = false, FragmentOffset = 0 }).Write(_packet.AsSpan(Start), _length);
            return _packet.AsSpan(Start, Ipv4View.MinimumHeaderLength + _length);
        }
    }
}
