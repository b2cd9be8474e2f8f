using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What policy says about a pair of addresses before anybody has proved anything.</summary>
internal sealed class ResponderPolicy(SecurityPolicy policy) : IResponderPolicy
{
    public bool MayRespond(InetAddress local, InetAddress remote) => policy.Protect.Any(entry => entry.CoversAddresses(local, remote));

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) =>
        policy.Protect.FirstOrDefault(entry => entry.CoversAddresses(local, remote)) is { Encapsulation: not EncapsulationChoice.Esp };
}
