using Latchkey.Wire;

namespace Latchkey.Ike.Tests;

/// <summary>A datagram on its way.</summary>
internal sealed record Flight(TimeSpan Arrives, long Order, InetEndpoint From, InetEndpoint To, byte[] Message);

/// <summary>A network that can delay, lose, duplicate, reorder and corrupt.</summary>
internal sealed class Wire(SeededRandom random)
{
    private readonly SortedSet<Flight> _inFlight = new(Comparer<Flight>.Create(
        (a, b) => a.Arrives != b.Arrives ? a.Arrives.CompareTo(b.Arrives) : a.Order.CompareTo(b.Order)));

    private long _order;

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Extra random delay, so that datagrams overtake each other.</summary>
    public TimeSpan Jitter { get; set; }

    public double Loss { get; set; }

    public double Duplication { get; set; }

    public double Corruption { get; set; }

    /// <summary>Sees each datagram before it travels; null lets it be lost.</summary>
    public Func<Flight, Flight?> Tap { get; set; } = flight => flight;

    public List<Flight> Sent { get; } = [];

    public TimeSpan? NextArrival => _inFlight.Min?.Arrives;

    public void Send(TimeSpan now, InetEndpoint from, InetEndpoint to, byte[] message)
    {
        var flight = new Flight(now + Latency, _order++, from, to, message);
        Sent.Add(flight);
        if (Tap(flight) is not { } travelling || random.NextDouble() < Loss)
        {
            return;
        }

        Launch(travelling);
        if (random.NextDouble() < Duplication)
        {
            Launch(travelling);
        }
    }

    public bool TryTake(TimeSpan now, out Flight flight)
    {
        flight = _inFlight.Min!;
        return flight is not null && flight.Arrives <= now && _inFlight.Remove(flight);
    }

    private void Launch(Flight flight)
    {
        var message = flight.Message;
        if (random.NextDouble() < Corruption)
        {
            message = [.. message];
            message[random.Next(message.Length)] ^= (byte)(1 << random.Next(8));
        }

        _inFlight.Add(flight with { Arrives = flight.Arrives + (Jitter * random.NextDouble()), Order = _order++, Message = message });
    }
}
