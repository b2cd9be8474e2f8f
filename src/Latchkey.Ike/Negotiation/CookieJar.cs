using System.Buffers.Binary;
using System.Security.Cryptography;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Stateless cookies (RFC 7296 §2.6): a period of time, and a keyed digest of it, the initiator's nonce, address and SPI, so that
/// only who receives at that address can make us keep state. A cookie is good in its period and in the next.
/// </summary>
/// <remarks>Nothing in here changes: any thread may ask.</remarks>
internal sealed class CookieJar(byte[] secret)
{
    public const int CookieLength = PeriodLength + DigestLength;

    private const int PeriodLength = 4;

    /// <summary>As many octets of the digest as nobody guesses.</summary>
    private const int DigestLength = 16;

    /// <summary>A cookie is used within one round trip; this is plenty.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(60);

    /// <param name="cookie"><see cref="CookieLength"/> octets to fill.</param>
    public void Make(TimeSpan now, InetAddress initiator, ulong spiI, ReadOnlySpan<byte> nonce, Span<byte> cookie) =>
        Make(PeriodOf(now), initiator, spiI, nonce, cookie);

    public bool IsGood(TimeSpan now, InetAddress initiator, ulong spiI, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> cookie)
    {
        if (cookie.Length != CookieLength)
        {
            return false;
        }

        var period = BinaryPrimitives.ReadUInt32BigEndian(cookie);
        if (PeriodOf(now) - period > 1)
        {
            return false; // a period to come is one long past: the difference has no sign
        }

        Span<byte> expected = stackalloc byte[CookieLength];
        Make(period, initiator, spiI, nonce, expected);
        return CryptographicOperations.FixedTimeEquals(cookie, expected);
    }

    private static uint PeriodOf(TimeSpan now) => (uint)(now.Ticks / Period.Ticks);

    private void Make(uint period, InetAddress initiator, ulong spiI, ReadOnlySpan<byte> nonce, Span<byte> cookie)
    {
        Span<byte> room = stackalloc byte[PeriodLength + 8 + 16 + IkeLimits.NonceMaximum];
        BinaryPrimitives.WriteUInt32BigEndian(room, period);
        BinaryPrimitives.WriteUInt64BigEndian(room[PeriodLength..], spiI);
        initiator.CopyTo(room[(PeriodLength + 8)..]);
        var text = room[..(PeriodLength + 8 + initiator.Length + nonce.Length)];
        nonce.CopyTo(text[^nonce.Length..]);
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, text, digest);
        text[..PeriodLength].CopyTo(cookie);
        digest[..DigestLength].CopyTo(cookie[PeriodLength..]);
    }
}
