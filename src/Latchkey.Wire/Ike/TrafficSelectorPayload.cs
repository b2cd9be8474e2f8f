using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>Traffic Selector payload, TSi or TSr (RFC 7296 §3.13). Selectors of unknown types are left out.</summary>
/// <param name="OfInitiator">True for TSi.</param>
public sealed record TrafficSelectorPayload(bool OfInitiator, ImmutableArray<TrafficSelector> Selectors) : IkePayload
{
    private const byte Ipv4Range = 7;
    private const byte Ipv6Range = 8;

    public override PayloadType Type => OfInitiator ? PayloadType.TrafficSelectorInitiator : PayloadType.TrafficSelectorResponder;

    public override void WriteBody(IkeWriter writer)
    {
        writer.U8(checked((byte)Selectors.Length));
        writer.Zeros(3);
        foreach (var selector in Selectors)
        {
            var isV4 = selector.StartAddress.IsV4;
            writer.U8(isV4 ? Ipv4Range : Ipv6Range);
            writer.U8(selector.Protocol);
            writer.U16((ushort)LengthOf(isV4));
            writer.U16(selector.StartPort);
            writer.U16(selector.EndPort);
            writer.Octets(selector.StartAddress.ToBytes());
            writer.Octets(selector.EndAddress.ToBytes());
        }
    }

    internal static TrafficSelectorPayload Read(ref IkeReader reader, bool ofInitiator)
    {
        var count = reader.U8("selector count");
        reader.Take(3, "TS payload");
        var selectors = ImmutableArray.CreateBuilder<TrafficSelector>();
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            if (ReadOne(ref reader) is { } selector)
            {
                selectors.Add(selector);
            }
        }

        if (reader.Remaining > 0)
        {
            reader.Fail("octets behind the last selector", 0, reader.Remaining);
        }

        return new TrafficSelectorPayload(ofInitiator, selectors.ToImmutable());
    }

    private static TrafficSelector? ReadOne(ref IkeReader reader)
    {
        var type = reader.U8("selector type");
        var protocol = reader.U8("selector protocol");
        var length = reader.U16("selector length");
        if (type is not (Ipv4Range or Ipv6Range))
        {
            reader.Take(Math.Max(0, length - 4), "selector");
            return null;
        }

        var isV4 = type == Ipv4Range;
        if (length != LengthOf(isV4))
        {
            reader.Fail("selector length", LengthOf(isV4), length);
            return null;
        }

        var startPort = reader.U16("selector port");
        var endPort = reader.U16("selector port");
        var addressLength = isV4 ? 4 : 16;
        var start = reader.Take(addressLength, "selector address");
        var end = reader.Take(addressLength, "selector address");
        return reader.Failed
            ? null
            : new TrafficSelector(InetAddress.FromBytes(start), InetAddress.FromBytes(end), protocol, startPort, endPort);
    }

    private static int LengthOf(bool isV4) => isV4 ? 16 : 40;
}
