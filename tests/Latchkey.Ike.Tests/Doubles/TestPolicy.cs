using Latchkey.Wire;

namespace Latchkey.Ike.Tests;

internal sealed class TestPolicy : IResponderPolicy
{
    public bool Respond { get; set; } = true;

    public bool ForceEncapsulation { get; set; }

    public bool MayRespond(InetAddress local, InetAddress remote) => Respond;

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) => ForceEncapsulation;
}
