using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>Between which ends ESP travels, and how.</summary>
/// <param name="Udp">In UDP.</param>
/// <param name="Translated">A NAT is on the way.</param>
internal readonly record struct EspWay(InetEndpoint Local, InetEndpoint Remote, bool Udp, bool Translated);
