using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Datapath;

/// <summary>How large an inner packet may be so that the outer one fits a path.</summary>
/// <remarks>In transport mode the IP header is the outer one, so that it is counted once; in tunnel mode each packet has its own.</remarks>
public static class EspOverhead
{
    /// <summary>The largest inner IP packet, in octets, for an outer path MTU.</summary>
    /// <param name="isV6">The family of the outer packet.</param>
    public static int InnerMtu(int outerMtu, bool isV6, Encapsulation encapsulation, AeadAlgorithm algorithm, bool tunnel = false)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        var around = Encapsulated(encapsulation) + EspView.HeaderLength + algorithm.IvLength + algorithm.IcvLength;
        var text = (outerMtu - IpHeader(isV6) - around) & ~(Math.Max(EspTrailer.Alignment, algorithm.BlockLength) - 1);
        return (tunnel ? 0 : IpHeader(isV6)) + Math.Max(0, text - EspTrailer.FixedLength);
    }

    /// <summary>The largest TCP segment without options for an inner MTU: what an MSS option may announce (RFC 9293 §3.7.1).</summary>
    internal static int MaximumSegmentSize(int innerMtu, bool isV6) =>
        Math.Max(0, innerMtu - IpHeader(isV6) - TcpView.MinimumHeaderLength);

    private static int IpHeader(bool isV6) => isV6 ? Ipv6View.HeaderLength : Ipv4View.MinimumHeaderLength;

    private static int Encapsulated(Encapsulation encapsulation) => encapsulation == Encapsulation.Udp ? UdpView.HeaderLength : 0;
}
