using Latchkey.Wire.Ike;

namespace Latchkey.Fuzz;

internal sealed class IkePayloadsTarget : FuzzTarget
{
    public override string Name => "ike-payloads";

    public override string About => "payloads as they lie inside the encryption; the first octet names the first";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty || !PayloadChain.TryRead((PayloadType)input[0], input[1..], 0, out var payloads, out _))
        {
            return;
        }

        var writer = new IkeWriter();
        PayloadChain.Write(writer, payloads);
        Must(PayloadChain.TryRead(PayloadChain.FirstOf(payloads), writer.ToArray(), 0, out var again, out var error), $"what was read can be written and read again ({error})");
        Must(again.Length == payloads.Length, "no payload is lost");
        foreach (var payload in payloads)
        {
            _ = payload.ToString();
        }
    }
}
