using Latchkey.Wire.Ike;

namespace Latchkey.Fuzz;

internal sealed class IkeMessageTarget : FuzzTarget
{
    public override string Name => "ike-message";

    public override string About => "IKE messages in clear: header and all payloads";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        if (IkeMessage.TryRead(input, out var message, out _))
        {
            // What was understood can be written, and is understood in the same way again.
            var octets = message.ToBytes();
            Must(IkeMessage.TryRead(octets, out var again, out var error), $"what was read can be written and read again ({error})");
            Must(again!.ToBytes().AsSpan().SequenceEqual(octets), "writing is stable");
        }
    }
}
