namespace Latchkey.Crypto;

/// <summary>The library is installed, and is not one that this program knows.</summary>
internal sealed class IpsecMbException(string message) : Exception(message);
