using System.Collections.Immutable;
using Latchkey.Contract;
using Latchkey.Wire;

namespace Latchkey.Simulator;

/// <summary>
/// A NAT: hosts with private addresses are seen from outside by one public address, each of their UDP ports by a port of its
/// own, and can be spoken to only where they spoke first.
/// </summary>
/// <param name="Address">The public address.</param>
/// <param name="Inside">The private ones.</param>
public sealed record SimulatedNat(InetAddress Address, ImmutableArray<InetAddress> Inside)
{
    private const ushort FirstPort = 20_000;

    private readonly Dictionary<InetEndpoint, ushort> _ports = [];
    private readonly Dictionary<ushort, InetEndpoint> _hosts = [];

    /// <summary>On its way out; null when it cannot be carried.</summary>
    public Datagram? Outward(Datagram datagram)
    {
        ArgumentNullException.ThrowIfNull(datagram);
        if (datagram is not (IkeDatagram or EspDatagram { Encapsulation: Encapsulation.Udp }))
        {
            return null;
        }

        if (!_ports.TryGetValue(datagram.From, out var port))
        {
            // A port that is free stays as it is, as with most NATs (RFC 4787 §4.2.1).
            port = _hosts.ContainsKey(datagram.From.Port) ? (ushort)(FirstPort + _ports.Count) : datagram.From.Port;
            _ports.Add(datagram.From, port);
            _hosts.Add(port, datagram.From);
        }

        return datagram with { From = new InetEndpoint(Address, port) };
    }

    /// <summary>On its way in; null when nobody inside has used that port.</summary>
    public Datagram? Inward(Datagram datagram)
    {
        ArgumentNullException.ThrowIfNull(datagram);
        return datagram is not ClearDatagram && _hosts.TryGetValue(datagram.To.Port, out var host) ? datagram with { To = host } : null;
    }
}
