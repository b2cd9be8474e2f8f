namespace Latchkey.Latching;

/// <summary>Every channel there ever was, by its parameters: congruence is decided here, once, when an SA is made.</summary>
/// <remarks>A channel is kept while SAs or latches use it; <see cref="Release"/> says that none does any more.</remarks>
public sealed class ChannelTable
{
    private readonly Dictionary<ChannelParameters, Channel> _byParameters = [];
    private readonly Dictionary<uint, Channel> _byId = [];
    private uint _last;

    public int Count => _byId.Count;

    /// <summary>The channel of SAs with these parameters.</summary>
    public Channel For(ChannelParameters parameters)
    {
        if (!_byParameters.TryGetValue(parameters, out var channel))
        {
            channel = new Channel(checked(++_last), parameters);
            _byParameters.Add(parameters, channel);
            _byId.Add(channel.Id, channel);
        }

        return channel;
    }

    public Channel? Find(uint id) => _byId.GetValueOrDefault(id);

    /// <summary>Forgets a channel that no SA and no latch uses. Its number is not used again.</summary>
    public void Release(Channel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        _byParameters.Remove(channel.Parameters);
        _byId.Remove(channel.Id);
    }
}
