using CsCheck;
using Xunit;

namespace Latchkey.Wire.Tests;

public class RoundTripTests
{
    [Fact]
    public void An_ipv4_header_is_read_as_it_was_written()
    {
        var headers = Gen.Select(Generators.V4, Generators.V4, Gen.Byte, Gen.Byte, Gen.Byte, Gen.UShort, Gen.Bool, Gen.Select(Gen.Bool, Gen.Int[0, 8191]))
            .Select((s, d, protocol, ttl, tos, id, df, fragment) =>
                new Ipv4Header(s, d, (IpProtocol)protocol, ttl, tos, id, df, fragment.Item1, fragment.Item2 * 8));
        Gen.Select(headers, Generators.OptionWords, Generators.Payload).Sample((header, options, payload) =>
        {
            var packet = new byte[20 + options.Length + payload.Length + 5];
            var written = header.Write(packet, payload.Length, options);
            payload.CopyTo(packet, written);

            Assert.True(Ipv4View.TryCreate(packet, out var view));
            Assert.Equal(header, Ipv4Header.From(view));
            Assert.Equal(options, view.Options.ToArray());
            Assert.Equal(payload, view.Payload.ToArray());
            Assert.True(view.HasValidChecksum);
        });
    }

    [Fact]
    public void An_ipv6_header_is_read_as_it_was_written()
    {
        var headers = Gen.Select(Generators.V6, Generators.V6, Gen.Byte, Gen.Byte, Gen.Byte, Gen.Int[0, 0xFFFFF])
            .Select((s, d, next, hops, traffic, label) => new Ipv6Header(s, d, (IpProtocol)next, hops, traffic, label));
        Gen.Select(headers, Generators.Payload).Sample((header, payload) =>
        {
            var packet = new byte[40 + payload.Length + 5];
            payload.CopyTo(packet, header.Write(packet, payload.Length));

            Assert.True(Ipv6View.TryCreate(packet, out var view));
            Assert.Equal(header, Ipv6Header.From(view));
            Assert.Equal(payload, view.Payload.ToArray());
        });
    }

    [Fact]
    public void A_fragment_header_is_read_as_it_was_written()
    {
        Gen.Select(Gen.Byte, Gen.Int[0, 8191], Gen.Bool, Gen.UInt).Sample((next, offset, more, id) =>
        {
            var header = new FragmentHeader((IpProtocol)next, offset * 8, more, id);
            var bytes = new byte[FragmentHeader.Length];
            header.Write(bytes);
            Assert.True(FragmentHeader.TryRead(bytes, out var read));
            Assert.Equal(header, read);
        });
    }

    [Fact]
    public void A_tcp_header_is_read_as_it_was_written()
    {
        var headers = Gen.Select(Gen.UShort, Gen.UShort, Gen.UInt, Gen.UInt, Gen.Byte, Gen.UShort, Gen.UShort)
            .Select((s, d, seq, ack, flags, window, urgent) => new TcpHeader(s, d, seq, ack, (TcpFlags)flags, window, urgent));
        Gen.Select(headers, Generators.Addresses, Generators.OptionWords, Generators.Payload).Sample((header, addresses, options, payload) =>
        {
            var segment = new byte[20 + options.Length + payload.Length];
            payload.CopyTo(segment, 20 + options.Length);
            header.Write(segment, addresses.Source, addresses.Destination, options);

            Assert.True(TcpView.TryCreate(segment, out var view));
            Assert.Equal(header, new TcpHeader(view.SourcePort, view.DestinationPort, view.SequenceNumber, view.AcknowledgmentNumber, view.Flags, view.Window, view.UrgentPointer));
            Assert.Equal(options, view.Options.ToArray());
            Assert.Equal(payload, view.Payload.ToArray());
            Assert.True(view.HasValidChecksum(addresses.Source, addresses.Destination));
        });
    }

    [Fact]
    public void A_udp_header_is_read_as_it_was_written()
    {
        Gen.Select(Gen.UShort, Gen.UShort, Generators.Addresses, Generators.Payload).Sample((source, destination, addresses, payload) =>
        {
            var datagram = new byte[8 + payload.Length];
            payload.CopyTo(datagram, 8);
            new UdpHeader(source, destination).Write(datagram, addresses.Source, addresses.Destination);

            Assert.True(UdpView.TryCreate(datagram, out var view));
            Assert.Equal((source, destination), (view.SourcePort, view.DestinationPort));
            Assert.Equal(payload, view.Payload.ToArray());
            Assert.NotEqual(0, view.Checksum);
            Assert.True(view.HasValidChecksum(addresses.Source, addresses.Destination));
        });
    }

    [Fact]
    public void An_icmp_header_is_read_as_it_was_written()
    {
        Gen.Select(Gen.Byte, Gen.Byte, Gen.UInt, Generators.V6, Generators.V6, Generators.Payload).Sample((type, code, parameter, source, destination, body) =>
        {
            var header = new IcmpHeader(type, code, parameter);
            var message = new byte[8 + body.Length];
            body.CopyTo(message, 8);

            header.WriteV4(message);
            Assert.True(IcmpView.TryCreate(message, out var view));
            Assert.Equal(header, new IcmpHeader(view.Type, view.Code, view.Parameter));
            Assert.Equal(body, view.Body.ToArray());
            Assert.True(view.HasValidChecksumV4);

            header.WriteV6(message, source, destination);
            Assert.True(IcmpView.TryCreate(message, out view));
            Assert.True(view.HasValidChecksumV6(source, destination));
        });
    }

    [Fact]
    public void An_esp_trailer_is_read_as_it_was_written_and_ends_on_a_word()
    {
        Gen.Select(Generators.Payload, Gen.Byte).Sample((payload, next) =>
        {
            var text = new byte[payload.Length + EspTrailer.LengthFor(payload.Length)];
            payload.CopyTo(text, 0);
            Assert.Equal(text.Length - payload.Length, EspTrailer.Write(text.AsSpan(payload.Length), payload.Length, (IpProtocol)next));

            Assert.Equal(0, text.Length % EspTrailer.Alignment);
            Assert.True(EspTrailer.TryRead(text, out var trailer));
            Assert.Equal(new EspTrailer(payload.Length, text.Length - payload.Length - 2, (IpProtocol)next), trailer);
        });
    }

    [Fact]
    public void An_esp_header_is_read_as_it_was_written()
    {
        Gen.Select(Gen.UInt[1, uint.MaxValue], Gen.UInt, Generators.Payload).Sample((spi, sequence, body) =>
        {
            var packet = new byte[8 + body.Length];
            body.CopyTo(packet, 8);
            EspView.WriteHeader(packet, spi, sequence);
            Assert.True(EspView.TryCreate(packet, out var view));
            Assert.Equal((spi, sequence), (view.Spi, view.SequenceNumber));
            Assert.Equal(body, view.Body.ToArray());
        });
    }
}
