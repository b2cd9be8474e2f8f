namespace Latchkey.Crypto;

/// <summary>A backend does not compute what it should on this machine.</summary>
public sealed class AeadSelfTestException(string message) : Exception(message);
