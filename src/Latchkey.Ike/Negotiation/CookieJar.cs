using System.Buffers.Binary;
using System.Security.Cryptography;
using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>
/// Stateless cookies (RFC 7296 §2.6): a keyed digest of the initiator's nonce, address and SPI, so that only who receives
/// at that address can make us keep state. The secret changes; cookies of the one before stay good.
/// </summary>
internal sealed class CookieJar(HostContext context)
{
    /// <summary>A cookie is used within one round trip; twice this is plenty.</summary>
    private static readonly TimeSpan SecretLifetime = TimeSpan.FromSeconds(60);

    private byte[] _current = context.RandomOctets(32);
    private byte[] _previous = context.RandomOctets(32);
    private TimeSpan? _changed;

    public byte[] Make(byte[] nonce, InetAddress initiator, ulong spiI)
    {
        Rotate();
        return Make(_current, nonce, initiator, spiI);
    }

    public bool IsGood(byte[] cookie, byte[] nonce, InetAddress initiator, ulong spiI)
    {
        Rotate();
        return CryptographicOperations.FixedTimeEquals(cookie, Make(_current, nonce, initiator, spiI))
            || CryptographicOperations.FixedTimeEquals(cookie, Make(_previous, nonce, initiator, spiI));
    }

    private static byte[] Make(byte[] secret, byte[] nonce, InetAddress initiator, ulong spiI)
    {
        var text = new byte[8 + initiator.Length + nonce.Length];
        BinaryPrimitives.WriteUInt64BigEndian(text, spiI);
        initiator.CopyTo(text.AsSpan(8));
        nonce.CopyTo(text, 8 + initiator.Length);
        return HMACSHA256.HashData(secret, text);
    }

    private void Rotate()
    {
        _changed ??= context.Now;
        if (context.Now - _changed < SecretLifetime)
        {
            return;
        }

        // After a long pause the one before is stale too.
        _previous = context.Now - _changed < 2 * SecretLifetime ? _current : context.RandomOctets(32);
        _current = context.RandomOctets(32);
        _changed = context.Now;
    }
}
