using System.Security.Cryptography;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// The quick crash detection token that the peer gave us for one generation of an IKE SA (RFC 6290 §4.2). Only its digest
/// is kept: it is recognised, never repeated. The last one given counts.
/// </summary>
internal sealed class PeerToken
{
    /// <summary>RFC 6290 §4.1.</summary>
    private const int Shortest = 16;
    private const int Longest = 128;

    /// <summary>Tokens of one message that are looked at: RFC 6290 §4.5 wants four at least.</summary>
    private const int Most = 4;

    private byte[]? _digest;

    public bool IsKept => _digest is not null;

    /// <summary>Keeps the token of a protected message, if there is one.</summary>
    public void Take(PayloadSet payloads)
    {
        if (Tokens(payloads).FirstOrDefault() is { } token)
        {
            _digest = SHA256.HashData(token);
        }
    }

    public bool IsAmong(PayloadSet payloads)
    {
        var found = false;
        foreach (var token in Tokens(payloads).Take(Most))
        {
            // Every token is compared, each in constant time.
            found |= _digest is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(token), _digest);
        }

        return found;
    }

    private static IEnumerable<byte[]> Tokens(PayloadSet payloads) =>
        payloads.Notifies(NotifyType.QuickCrashDetection).Select(n => n.Data).Where(data => data.Length is >= Shortest and <= Longest);
}
