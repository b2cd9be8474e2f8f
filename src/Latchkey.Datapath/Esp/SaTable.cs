using System.Diagnostics.CodeAnalysis;
using Latchkey.Contract;

namespace Latchkey.Datapath;

/// <summary>The SAD: inbound SAs by SPI, outbound SAs by channel.</summary>
internal sealed class SaTable : IDisposable
{
    private readonly Dictionary<uint, InboundSa> _inbound = [];
    private readonly Dictionary<ChannelId, Channel> _channels = [];

    public IReadOnlyCollection<Channel> Channels => _channels.Values;

    public IReadOnlyCollection<InboundSa> Inbound => _inbound.Values;

    public bool TryFindInbound(uint spi, [NotNullWhen(true)] out InboundSa? sa) => _inbound.TryGetValue(spi, out sa);

    public Channel? Find(ChannelId id) => _channels.GetValueOrDefault(id);

    public Channel GetOrAdd(ChannelId id)
    {
        if (!_channels.TryGetValue(id, out var channel))
        {
            _channels.Add(id, channel = new(id));
        }

        return channel;
    }

    public void Add(EspSa sa)
    {
        if (sa.Direction == SaDirection.Outbound)
        {
            GetOrAdd(sa.Channel).Add(new OutboundSa(sa));
            return;
        }

        RemoveInbound(sa.Spi);
        var channel = GetOrAdd(sa.Channel);
        _inbound.Add(sa.Spi, new InboundSa(sa, channel));
        channel.InboundSas++;
    }

    public void Remove(SaDirection direction, ChannelId channelId, uint spi)
    {
        if (direction == SaDirection.Inbound)
        {
            RemoveInbound(spi);
        }
        else if (Find(channelId) is { } channel && channel.Remove(spi) is { } outbound)
        {
            outbound.Dispose();
            Release(channel);
        }
    }

    /// <summary>Forgets a channel that nothing refers to any more.</summary>
    public void Release(Channel channel)
    {
        if (channel.IsUnused)
        {
            _channels.Remove(channel.Id);
        }
    }

    public void Dispose()
    {
        foreach (var sa in _inbound.Values)
        {
            sa.Dispose();
        }

        foreach (var sa in _channels.Values.SelectMany(channel => channel.Outbound))
        {
            sa.Dispose();
        }
    }

    private void RemoveInbound(uint spi)
    {
        if (_inbound.Remove(spi, out var inbound))
        {
            inbound.Dispose();
            inbound.Channel.InboundSas--;
            Release(inbound.Channel);
        }
    }
}
