using System.Text.Json.Nodes;
using Latchkey.Linux.Protection;
using Latchkey.Wire;
using static Latchkey.Linux.Nftables.NftExpression;

namespace Latchkey.Linux.Nftables;

/// <summary>
/// Matches ICMP errors by the packet they quote (RFC 792, RFC 4443 §2.4): its header begins 8 octets into the message.
/// </summary>
internal static class QuotedPacket
{
    private const int Start = 8 * 8;
    private const int V4Ports = Start + (20 * 8);
    private const int V6Ports = Start + (40 * 8);

    /// <summary>Destination unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792).</summary>
    private static JsonObject IsErrorV4 => Match(Field("icmp", "type"), Set(3, 4, 5, 11, 12));

    /// <summary>Destination unreachable, packet too big, time exceeded, parameter problem (RFC 4443 §3).</summary>
    private static JsonObject IsErrorV6 => Match(Field("icmpv6", "type"), Range(1, 4));

    /// <summary>Errors that quote a packet of protected traffic; one list of conditions for each rule.</summary>
    /// <param name="quotesOurs">The quoted packet was sent by this host; otherwise it was received.</param>
    /// <remarks>
    /// Where options or extension headers hide the ports, the addresses decide: an error too many is dropped, never one
    /// too few.
    /// </remarks>
    public static IEnumerable<IEnumerable<JsonObject>> Matches(bool v6, ProtectedSelector selector, bool quotesOurs)
    {
        var (source, destination) = quotesOurs ? (selector.Local, selector.Remote) : (selector.Remote, selector.Local);
        var (sourcePorts, destinationPorts) =
            quotesOurs ? (selector.LocalPorts, selector.RemotePorts) : (selector.RemotePorts, selector.LocalPorts);
        JsonObject[] Addresses() =>
            [v6 ? IsErrorV6 : IsErrorV4, .. Address(v6 ? 8 : 12, source), .. Address(v6 ? 24 : 16, destination)];

        JsonObject[] Protocol() => selector.Protocol is { } protocol ? [Match(Next(v6), (int)protocol)] : [];
        var ports = v6 ? V6Ports : V4Ports;
        JsonObject[] plain = selector.HasPorts && !v6 ? [Match(V4HeaderWords, 5)] : [];
        yield return [.. Addresses(), .. Protocol(), .. plain, .. Ports(ports, sourcePorts), .. Ports(ports + 16, destinationPorts)];
        if (v6 && selector.Protocol is not null)
        {
            yield return
            [
                .. Addresses(),
                Match(Next(v6), Set((int)IpProtocol.HopByHop, (int)IpProtocol.Routing, (int)IpProtocol.Fragment, (int)IpProtocol.DestinationOptions)),
            ];
        }
        else if (!v6 && selector.HasPorts)
        {
            yield return [.. Addresses(), .. Protocol(), Match(V4HeaderWords, 5, "!=")];
        }
    }

    /// <summary>Errors about our outer packets: path MTU discovery needs them.</summary>
    public static IEnumerable<IEnumerable<JsonObject>> OfOuter()
    {
        foreach (var v6 in (bool[])[false, true])
        {
            yield return [v6 ? IsErrorV6 : IsErrorV4, Match(Next(v6), (int)IpProtocol.Esp)];
            yield return [v6 ? IsErrorV6 : IsErrorV4, Match(Next(v6), (int)IpProtocol.Udp), Match(Bits(v6 ? V6Ports : V4Ports, 16), Set(500, 4500))];
        }
    }

    private static JsonObject V4HeaderWords => Bits(Start + 4, 4);

    /// <summary>IPv4's Protocol, IPv6's Next Header.</summary>
    private static JsonObject Next(bool v6) => Bits(Start + ((v6 ? 6 : 9) * 8), 8);

    private static IEnumerable<JsonObject> Ports(int offset, PortSpan ports) =>
        ports.IsAny ? [] : [Match(Bits(offset, 16), Range(ports.First, ports.Last))];

    /// <summary>Compares an address in the quoted header, 32 bits at a time.</summary>
    private static IEnumerable<JsonObject> Address(int octet, InetPrefix? prefix)
    {
        if (prefix is not { } wanted)
        {
            yield break;
        }

        var bytes = wanted.Address.ToBytes();
        for (var word = 0; word * 32 < wanted.Length; word++)
        {
            var bits = Math.Min(32, wanted.Length - (word * 32));
            var value = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(word * 4));
            var field = Bits(Start + (octet * 8) + (word * 32), 32);
            yield return bits == 32 ? Match(field, value) : Match(And(field, uint.MaxValue << (32 - bits)), value);
        }
    }
}
