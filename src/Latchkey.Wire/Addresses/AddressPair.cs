namespace Latchkey.Wire;

/// <summary>Two hosts as this one sees them: where IKE SAs, channels and latches meet.</summary>
public readonly record struct AddressPair(InetAddress Local, InetAddress Remote)
{
    public static AddressPair Of(FlowKey flow) => new(flow.Local, flow.Remote);

    public override string ToString() => $"{Local} <-> {Remote}";
}
