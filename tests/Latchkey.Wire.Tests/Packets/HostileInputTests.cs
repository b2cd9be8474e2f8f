using CsCheck;
using Xunit;

namespace Latchkey.Wire.Tests;

/// <summary>A view either refuses octets, or every accessor of it works on them.</summary>
public class HostileInputTests
{
    private const int Runs = 20_000;

    [Fact]
    public void No_octets_make_an_ipv4_view_read_out_of_bounds() => Generators.Hostile.Sample(
        bytes =>
        {
            if (Ipv4View.TryCreate(bytes, out var view))
            {
                Assert.Equal(view.TotalLength, view.HeaderLength + view.Payload.Length);
                Assert.Equal(view.HeaderLength, Ipv4View.MinimumHeaderLength + view.Options.Length);
                Assert.InRange(view.FragmentOffset, 0, 65528);
                _ = (Ipv4Header.From(view), view.HasValidChecksum);
            }
        },
        iter: Runs);

    [Fact]
    public void No_octets_make_an_ipv6_walk_read_out_of_bounds() => Generators.Hostile.Sample(
        bytes =>
        {
            if (Ipv6View.TryCreate(bytes, out var view) && Ipv6Extensions.TryWalk(view.NextHeader, view.Payload, out var chain))
            {
                Assert.InRange(chain.Offset, 0, view.Payload.Length);
                Assert.InRange(chain.ProtectedOffset, 0, chain.Offset);
                _ = Ipv6Header.From(view);
            }
        },
        iter: Runs);

    [Fact]
    public void No_octets_make_the_upper_views_read_out_of_bounds() => Generators.Hostile.Sample(
        bytes =>
        {
            if (TcpView.TryCreate(bytes, out var tcp))
            {
                Assert.Equal(bytes.Length, tcp.HeaderLength + tcp.Payload.Length);
                _ = (tcp.SequenceNumber, tcp.UrgentPointer, tcp.SequenceLength, TcpOptions.MaximumSegmentSize(tcp.Options));
                foreach (var kind in Enum.GetValues<TcpOptionKind>())
                {
                    Assert.InRange(TcpOptions.Find(tcp.Options, kind), -1, tcp.Options.Length - 1);
                }
            }

            if (UdpView.TryCreate(bytes, out var udp))
            {
                Assert.Equal(udp.Length, UdpView.HeaderLength + udp.Payload.Length);
            }

            if (IcmpView.TryCreate(bytes, out var icmp))
            {
                Assert.Equal(bytes.Length, IcmpView.HeaderLength + icmp.Body.Length);
            }

            if (EspView.TryCreate(bytes, out var esp))
            {
                Assert.Equal(bytes.Length, EspView.HeaderLength + esp.Body.Length);
            }

            if (EspTrailer.TryRead(bytes, out var trailer))
            {
                Assert.Equal(bytes.Length, trailer.PayloadLength + trailer.PadLength + EspTrailer.FixedLength);
            }
        },
        iter: Runs);

    [Fact]
    public void The_flow_of_any_octets_is_told_or_refused() => Generators.Hostile.Sample(
        bytes =>
        {
            var kind = IpPacket.Read(bytes, out var packet);
            if (kind == IpPacketKind.Whole)
            {
                Assert.InRange(packet.Length, 0, bytes.Length);
                Assert.InRange(packet.UpperOffset, packet.ProtectedOffset, packet.Length);
                Assert.Equal(packet.OutboundFlow, packet.InboundFlow.Reversed);
            }
        },
        iter: Runs);

    [Fact]
    public void Clamping_changes_nothing_but_the_option_and_keeps_the_checksum_right() =>
        Gen.Select(Generators.OptionWords, Gen.Byte, Gen.UShort[1, 9000], Generators.Addresses).Sample(
            (options, flags, limit, addresses) =>
            {
                var segment = new byte[20 + options.Length];
                new TcpHeader(1, 2, 3, 4, (TcpFlags)flags, 5).Write(segment, addresses.Source, addresses.Destination, options);
                var changed = TcpOptions.ClampMaximumSegmentSize(segment, limit);

                Assert.True(TcpView.TryCreate(segment, out var view));
                Assert.True(view.HasValidChecksum(addresses.Source, addresses.Destination));
                if (changed)
                {
                    Assert.Equal(limit, TcpOptions.MaximumSegmentSize(view.Options));
                }
                else
                {
                    Assert.Equal(options, view.Options.ToArray());
                }
            },
            iter: Runs);
}
