using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Judges;

/// <summary>tshark, given the keys, decrypts our IKE and our ESP and finds every integrity check value right.</summary>
public sealed class IntegrityJudge(string capture, string keys)
{
    public async Task Judge(Stage stage)
    {
        foreach (var finding in await Findings())
        {
            stage.Check(finding.Name, finding.Holds, finding.Detail);
        }
    }

    public async Task<IReadOnlyList<JudgeFinding>> Findings()
    {
        var tshark = new Tshark(capture, keys);
        // What an ICMP error quotes is a piece of an ESP packet, too short to have an integrity check value.
        const string Packets = "esp && !icmp && !icmpv6";
        var (esp, good) = (await tshark.Count(Packets), await tshark.Count($"{Packets} && esp.icv_good == 1"));
        var rest = await tshark.Fields($"{Packets} && !(esp.icv_good == 1)", "frame.number", "frame.time_relative", "frame.len", "eth.src", "esp.spi", "esp.sequence", "_ws.col.Info");
        var esps = new JudgeFinding(
            "tshark finds every ESP integrity check valid", good > 0 && rest.Count == 0,
            $"{good} of {esp} ESP packets valid{string.Concat(rest.Take(3).Select(frame => $"; not: {string.Join(' ', frame)}"))}");

        // Payload 46: Encrypted and Authenticated. Exchange 43, IKE_INTERMEDIATE, is under keys that it replaces, and tshark
        // has one key for each pair of SPIs (docs/decisions/post-quantum.md).
        const string Sealed = "isakmp.typepayload == 46 && isakmp.exchangetype != 43";
        var (ike, read, wrong) = (await tshark.Count(Sealed), await tshark.Count($"{Sealed} && isakmp.enc.decrypted"), await tshark.Count("isakmp.ikev2.integrity_checksum && isakmp.exchangetype != 43"));
        return [esps, new("tshark decrypts every protected IKE message and finds it valid", read > 0 && read == ike && wrong == 0, $"{ike} protected messages, {read} decrypted, {wrong} invalid")];
    }
}

/// <summary>One thing that a judge looked for in a capture, and whether it holds.</summary>
public sealed record JudgeFinding(string Name, bool Holds, string Detail);
