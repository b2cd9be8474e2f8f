using CsCheck;
using Latchkey.Wire;

namespace Latchkey.Latching.Tests;

/// <summary>
/// Addresses, ports and selectors from a small space, so that they meet, overlap and contain one another often.
/// </summary>
internal static class Generators
{
    private const uint FirstV4 = 0xC0000200;

    private static readonly UInt128 FirstV6 = new(0x20010db800000000, 0);

    public static Gen<InetAddress> V4 { get; } = Gen.UInt[0, 15].Select(n => InetAddress.FromV4(FirstV4 + n));

    public static Gen<InetAddress> V6 { get; } = Gen.UInt[0, 15].Select(n => InetAddress.FromV6(FirstV6 + n));

    public static Gen<InetAddress> Address { get; } = Gen.OneOf(V4, V6);

    /// <summary>Any address at all.</summary>
    public static Gen<InetAddress> WideAddress { get; } = Gen.OneOf(
        Gen.UInt.Select(InetAddress.FromV4),
        Gen.Select(Gen.ULong, Gen.ULong, (high, low) => InetAddress.FromV6(new UInt128(high, low))));

    public static Gen<InetPrefix> Prefix { get; } = Gen.Select(Address, Gen.Int[0, 5], (address, hostBits) => Network(address, address.BitLength - hostBits));

    public static Gen<IpProtocol> Protocol { get; } = Gen.OneOf(Gen.Const(IpProtocol.Tcp), Gen.Const(IpProtocol.Udp), Gen.Const(IpProtocol.Sctp));

    public static Gen<ushort> Port { get; } = Gen.OneOf(Gen.UShort[0, 8], Gen.Const(ushort.MaxValue));

    public static Gen<PortRange> Ports { get; } = Gen.OneOf(
        Gen.Const(PortRange.Any), Gen.Select(Port, Port, (a, b) => new PortRange(Math.Min(a, b), Math.Max(a, b))));

    public static Gen<TrafficSelector> Selector { get; } = Gen.Select(
        Gen.OneOf(Gen.Select(V4, V4), Gen.Select(V6, V6)),
        Gen.OneOf(Gen.Const(TrafficSelector.AnyProtocol), Protocol.Select(p => (byte)p)),
        Ports,
        (addresses, protocol, ports) => addresses.Item1 < addresses.Item2
            ? new TrafficSelector(addresses.Item1, addresses.Item2, protocol, ports.Start, ports.End)
            : new TrafficSelector(addresses.Item2, addresses.Item1, protocol, ports.Start, ports.End));

    public static Gen<SelectorSet> Set { get; } = Gen.Select(
        Selector.Array[0, 3], Selector.Array[0, 3], (local, remote) => new SelectorSet([.. local], [.. remote]));

    public static Gen<FlowKey> Flow { get; } = Gen.Select(
        Protocol,
        Gen.OneOf(Gen.Select(V4, V4), Gen.Select(V6, V6)),
        Port,
        Port,
        (protocol, addresses, localPort, remotePort) => new FlowKey(protocol, addresses.Item1, localPort, addresses.Item2, remotePort));

    /// <summary>The prefix of that length around an address.</summary>
    public static InetPrefix Network(InetAddress address, int length)
    {
        var hostBits = address.BitLength - length;
        var mask = hostBits == 128 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1;
        var first = address.ToNumber() & ~mask;
        return new InetPrefix(address.IsV4 ? InetAddress.FromV4((uint)first) : InetAddress.FromV6(first), length);
    }
}
