using System.Text;
using Latchkey.Crypto;
using Latchkey.Daemon.Control;
using Latchkey.Wire;

namespace Latchkey.Fuzz;

internal sealed class QuestionTarget : FuzzTarget
{
    public override string Name => "question";

    public override string About => "what people and programs type: flows, addresses, prefixes, fingerprints and their words";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var text = Encoding.Latin1.GetString(input);
        if (FlowQuery.TryParse(text, out var query, out var error))
        {
            _ = query.ToString();
        }
        else
        {
            Must(error.Length > 0, "a refusal has a reason");
        }

        if (InetAddress.TryParse(text, out var address))
        {
            Must(InetAddress.Parse(address.ToString()) == address, "an address reads as it is written");
        }

        if (InetPrefix.TryParse(text, out var prefix, out _))
        {
            Must(InetPrefix.TryParse(prefix.ToString(), out var same, out _) && same == prefix, "a prefix reads as it is written");
        }

        if (KeyFingerprint.TryParse(text, out var fingerprint))
        {
            Must(KeyFingerprint.TryParse(fingerprint.ToString(), out var again) && again == fingerprint, "a fingerprint reads as it is written");
        }

        if (!FingerprintWords.TryParse(text, out _, out var problem))
        {
            Must(problem.Length > 0, "a refusal has a reason");
        }
    }
}
