using CsCheck;
using Xunit;

namespace Latchkey.Wire.Tests;

/// <summary>A key is packed; nothing of it may be lost, or mixed with what stands beside it.</summary>
public class FlowKeyTests
{
    private static readonly Gen<Parts> Any = Of(Gen.Byte, Gen.OneOf(Generators.V4, Generators.V6), Gen.UShort);

    // So few values that two keys are often equal, or differ in one part.
    private static readonly Gen<Parts> Similar = Of(
        OneOf<byte>(6, 17),
        OneOf(InetAddress.AnyV4, InetAddress.AnyV6, InetAddress.FromV4(1), InetAddress.FromV6(1), InetAddress.FromV6(UInt128.One << 64)),
        OneOf<ushort>(0, 1, 0x8000));

    [Fact]
    public void A_key_gives_back_what_it_was_made_of() => Any.Sample(parts => Assert.Equal(parts, Parts.Of(parts.Key)));

    [Fact]
    public void Keys_are_equal_when_all_their_parts_are_and_only_then()
    {
        Gen.Select(Similar, Similar).Sample(
            (a, b) =>
            {
                Assert.Equal(a == b, a.Key == b.Key);
                Assert.True(a != b || a.Key.GetHashCode() == b.Key.GetHashCode());
            },
            iter: 50_000);
    }

    [Fact]
    public void Each_part_is_changed_by_itself()
    {
        Gen.Select(Any, Any).Sample((a, b) =>
        {
            Assert.Equal(a with { Protocol = b.Protocol }, Parts.Of(a.Key with { Protocol = b.Protocol }));
            Assert.Equal(a with { Local = b.Local }, Parts.Of(a.Key with { Local = b.Local }));
            Assert.Equal(a with { LocalPort = b.LocalPort }, Parts.Of(a.Key with { LocalPort = b.LocalPort }));
            Assert.Equal(a with { Remote = b.Remote }, Parts.Of(a.Key with { Remote = b.Remote }));
            Assert.Equal(a with { LocalPort = b.LocalPort, RemotePort = b.RemotePort }, Parts.Of(a.Key.WithPorts(b.LocalPort, b.RemotePort)));
            Assert.Equal(a with { RemotePort = b.RemotePort }, Parts.Of(a.Key with { RemotePort = b.RemotePort }));
        });
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<Parts> Of(Gen<byte> protocol, Gen<InetAddress> address, Gen<ushort> port) =>
        Gen.Select(protocol, address, port, address, port).Select((p, local, localPort, remote, remotePort) => new Parts((IpProtocol)p, local, localPort, remote, remotePort));

    private sealed record Parts(IpProtocol Protocol, InetAddress Local, ushort LocalPort, InetAddress Remote, ushort RemotePort)
    {
        public FlowKey Key => new(Protocol, Local, LocalPort, Remote, RemotePort);

        public static Parts Of(FlowKey key) => new(key.Protocol, key.Local, key.LocalPort, key.Remote, key.RemotePort);
    }
}
