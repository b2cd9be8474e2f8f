using System.Globalization;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Judges;

/// <summary>What anybody sees of the ESP that a host sends: under each SPI every sequence number, in order, from 1 on, and no frame too large.</summary>
/// <param name="capture">Recorded at the sender's card, in the order of sending.</param>
public sealed class SequenceJudge(string capture, Nic sender, int mtu)
{
    private const int EthernetHeader = 14;

    /// <returns>ESP packets the host sent.</returns>
    public async Task<int> Judge(Stage stage, string who)
    {
        var packets = await new Tshark(capture).Fields($"esp && !icmp && !icmpv6 && eth.src == {sender.Mac}", "esp.spi", "esp.sequence", "frame.len");
        var sas = packets.GroupBy(fields => fields[0], fields => uint.Parse(fields[1], CultureInfo.InvariantCulture)).ToList();
        var broken = sas.Where(sa => !sa.SequenceEqual(Enumerable.Range(1, sa.Count()).Select(n => (uint)n))).Select(sa => sa.Key).ToList();
        stage.Check(
            $"the sequence numbers that {who} sends go up by one, from 1, without a gap", sas.Count > 0 && broken.Count == 0,
            $"{packets.Count} ESP packets under {sas.Count} SPIs{(broken.Count > 0 ? $"; not under {string.Join(", ", broken)}" : "")}");
        var largest = packets.Select(fields => int.Parse(fields[2], CultureInfo.InvariantCulture)).DefaultIfEmpty().Max() - EthernetHeader;
        stage.Check($"no packet of {who} is larger than the wire takes", largest <= mtu, $"{largest} octets at most");
        return packets.Count;
    }
}
