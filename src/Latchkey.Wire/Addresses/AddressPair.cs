namespace Latchkey.Wire;

/// <summary>Two hosts as this one sees them: where IKE SAs, channels and latches meet.</summary>
public readonly record struct AddressPair(InetAddress Local, InetAddress Remote)
{
    /// <summary>
    /// The ends of a tunnel that may move (RFC 4555): these are its first two addresses, and name it wherever it is now. Never
    /// equal to the pair of hosts that just have these addresses.
    /// </summary>
    public bool Moves { get; init; }

    public static AddressPair Of(FlowKey flow) => new(flow.Local, flow.Remote);

    public override string ToString() => $"{Local} <-> {Remote}{(Moves ? " (may move)" : "")}";
}
