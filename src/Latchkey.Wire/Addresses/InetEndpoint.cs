namespace Latchkey.Wire;

/// <summary>An address and a port; written <c>192.0.2.7:500</c> or <c>[2001:db8::7]:500</c>.</summary>
public readonly record struct InetEndpoint(InetAddress Address, ushort Port)
{
    public override string ToString() => Address.IsV6 ? $"[{Address}]:{Port}" : $"{Address}:{Port}";
}
