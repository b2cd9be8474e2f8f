using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Math;

namespace Latchkey.Crypto;

/// <summary>Diffie-Hellman modulo the 2048-bit prime of RFC 3526 §3, for peers that have no curve.</summary>
internal sealed class Modp2048KeyExchange : DiffieHellman
{
    private const int ModulusLength = 256;

    // 320 bits: twice the higher of the two strengths that RFC 3526 §8 estimates for this group.
    private const int ExponentLength = 40;

    private static readonly BigInteger Prime = DHStandardGroups.rfc3526_2048.P;
    private static readonly BigInteger Generator = DHStandardGroups.rfc3526_2048.G;
    private static readonly BigInteger Largest = Prime.Subtract(BigInteger.Two);

    public override ushort TransformId => 14;

    public override string Name => "MODP-2048";

    public override int PublicLength => ModulusLength;

    public override SecretBytes MakePrivate(IRandomSource random)
    {
        var secret = RandomSecret(random, ExponentLength);
        // Never zero, and of full length, so that the time of the exponentiation does not tell its size.
        secret.Span[0] |= 0x80;
        return secret;
    }

    public override byte[] PublicOf(SecretBytes privateValue)
    {
        using var power = Power(Generator, privateValue);
        return power.Span.ToArray();
    }

    /// <returns>False outside 2..p-2; p is a safe prime, so nothing else needs checking (RFC 6989 §2.1).</returns>
    public override bool TryAgree(SecretBytes privateValue, ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        var value = new BigInteger(1, peerPublic);
        if (value.CompareTo(BigInteger.Two) < 0 || value.CompareTo(Largest) > 0)
        {
            shared = null;
            return false;
        }

        shared = Power(value, privateValue);
        return true;
    }

    // Padded on the left to the length of the modulus (RFC 7296 §2.14).
    private static SecretBytes Power(BigInteger value, SecretBytes exponent)
    {
        var power = value.ModPow(new BigInteger(1, exponent.Span), Prime);
        var padded = new SecretBytes(ModulusLength);
        power.ToByteArrayUnsigned(padded.Span[^power.GetLengthofByteArrayUnsigned()..]);
        return padded;
    }
}
