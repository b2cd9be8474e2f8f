using Latchkey.Lab.Stories;

namespace Latchkey.Lab.Judges;

/// <summary>tshark, given the keys, decrypts our IKE and our ESP and finds every integrity check value right.</summary>
public sealed class IntegrityJudge(string capture, string keys)
{
    public async Task Judge(Stage stage)
    {
        var tshark = new Tshark(capture, keys);
        var (esp, good, bad) = (await tshark.Count("esp"), await tshark.Count("esp.icv_good == 1"), await tshark.Count("esp.icv_bad == 1"));
        stage.Check("tshark finds every ESP integrity check valid", good > 0 && good == esp && bad == 0, $"{esp} ESP packets, {good} valid, {bad} invalid");

        // Payload 46: Encrypted and Authenticated.
        const string Sealed = "isakmp.typepayload == 46";
        var (ike, read, wrong) = (await tshark.Count(Sealed), await tshark.Count($"{Sealed} && isakmp.enc.decrypted"), await tshark.Count("isakmp.ikev2.integrity_checksum"));
        stage.Check("tshark decrypts every protected IKE message and finds it valid", read > 0 && read == ike && wrong == 0, $"{ike} protected messages, {read} decrypted, {wrong} invalid");
    }
}
