namespace Latchkey.Wire.Ike;

/// <summary>Protocol identifiers in proposals, notifies and deletes (RFC 7296 §3.3.1).</summary>
public enum IkeProtocol : byte
{
    /// <summary>A notify or delete that concerns no particular SA.</summary>
    None = 0,
    Ike = 1,
    Ah = 2,
    Esp = 3,
}
