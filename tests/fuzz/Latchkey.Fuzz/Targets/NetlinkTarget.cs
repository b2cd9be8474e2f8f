using Latchkey.Linux.Netlink;

namespace Latchkey.Fuzz;

internal sealed class NetlinkTarget : FuzzTarget
{
    public override string Name => "netlink";

    public override string About => "netlink messages and their attributes";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        var messages = new MessageReader(input);
        while (messages.TryNext(out _, out var body))
        {
            Must(body.Length <= input.Length, "a body lies inside what was received");
            if (AttributeReader.TrySplit<ulong>(body, out _, out var attributes))
            {
                while (attributes.TryNext(out _, out var value))
                {
                    AttributeValue.ToUInt32(value);
                    var nested = new AttributeReader(value);
                    while (nested.TryNext(out _, out _))
                    {
                    }
                }
            }
        }
    }
}
