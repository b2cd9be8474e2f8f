namespace Latchkey.Simulator;

/// <summary>Has seen every datagram, and sends them again: as they were, damaged, or with other addresses.</summary>
public sealed class Replayer
{
    private const int Memory = 512;

    private readonly World _world;
    private readonly SimulatedRandom _random;
    private readonly List<Datagram> _seen = [];
    private bool _sending;

    public Replayer(World world, SimulatedRandom random)
    {
        ArgumentNullException.ThrowIfNull(world);
        _world = world;
        _random = random;
        world.Network.Seen += Remember;
    }

    /// <summary>Sends one datagram again.</summary>
    public void Attack()
    {
        if (_seen.Count == 0)
        {
            return;
        }

        var replayed = Change(_random.Pick(_seen));
        _world.Trace.Add("replayer", replayed);
        _sending = true;
        _world.Network.Spoof(this, replayed);
        _sending = false;
    }

    private void Remember(Datagram datagram)
    {
        if (!_sending)
        {
            if (_seen.Count == Memory)
            {
                _seen.RemoveAt(_random.Below(Memory));
            }

            _seen.Add(datagram);
        }
    }

    private Datagram Change(Datagram original) => _random.Below(4) switch
    {
        0 => original.Corrupted(_random),
        1 => Redirected(original),
        _ => original,
    };

    private Datagram Redirected(Datagram original)
    {
        var address = _random.Pick(_world.Hosts).SeenAs;
        return (original, _random.Chance(0.5)) switch
        {
            (ClearDatagram, _) => original,
            (_, true) => original with { From = original.From with { Address = address } },
            (_, false) => original with { To = original.To with { Address = address } },
        };
    }
}
