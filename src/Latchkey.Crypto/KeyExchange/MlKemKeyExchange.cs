using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Latchkey.Crypto;

/// <summary>ML-KEM (FIPS 203): the offer is an encapsulation key, the answer a ciphertext.</summary>
/// <remarks>
/// Never alone: it stands beside a key exchange of the old kind (RFC 9370), so that whoever breaks one of the two has
/// nothing. An implicit rejection gives a secret that nobody else has, and the next message does not open.
/// </remarks>
internal sealed class MlKemKeyExchange : KeyExchangeMethod
{
    private const int SeedLength = 64;
    private const int SecretLength = 32;

    private readonly MLKemParameters _parameters;

    private MlKemKeyExchange(ushort transformId, string name, MLKemParameters parameters, int offerLength, int answerLength)
    {
        _parameters = parameters;
        (TransformId, Name, OfferLength, AnswerLength) = (transformId, name, offerLength, answerLength);
    }

    // draft-ietf-ipsecme-ikev2-mlkem §2.3; the lengths are those of FIPS 203 table 3.
    public static MlKemKeyExchange MlKem768 { get; } = new(36, "ML-KEM-768", MLKemParameters.ml_kem_768, 1184, 1088);

    public static MlKemKeyExchange MlKem1024 { get; } = new(37, "ML-KEM-1024", MLKemParameters.ml_kem_1024, 1568, 1568);

    public override ushort TransformId { get; }

    public override string Name { get; }

    public override int OfferLength { get; }

    public override int AnswerLength { get; }

    public override KeyExchangeOffer Offer(IRandomSource random)
    {
        using var seed = new SecretBytes(SeedLength);
        random.Fill(seed.Span);
        return OfferOf(seed);
    }

    /// <param name="seed">d and z of FIPS 203 §7.1, 64 octets.</param>
    internal KeyExchangeOffer OfferOf(SecretBytes seed) => new PrivateSide(this, MLKemPrivateKeyParameters.FromSeed(_parameters, seed.Span.ToArray()));

    /// <returns>False when the key has the wrong length, or numbers in it that are not reduced (FIPS 203 §7.2).</returns>
    public override bool TryAnswer(IRandomSource random, ReadOnlySpan<byte> peerPublic, out byte[] answer, [NotNullWhen(true)] out SecretBytes? shared)
    {
        (answer, shared) = ([], null);
        if (peerPublic.Length != OfferLength)
        {
            return false;
        }

        try
        {
            var encapsulator = new MLKemEncapsulator(_parameters);
            encapsulator.Init(new ParametersWithRandom(MLKemPublicKeyParameters.FromEncoding(_parameters, peerPublic.ToArray()), new Source(random)));
            answer = new byte[AnswerLength];
            shared = new SecretBytes(SecretLength);
            encapsulator.Encapsulate(answer, shared.Span);
            return true;
        }
        catch (ArgumentException)
        {
            shared?.Dispose();
            (answer, shared) = ([], null);
            return false;
        }
    }

    private sealed class PrivateSide(MlKemKeyExchange method, MLKemPrivateKeyParameters key) : KeyExchangeOffer
    {
        private MLKemPrivateKeyParameters? _key = key;

        public override KeyExchangeMethod Method => method;

        public override byte[] PublicValue { get; } = key.GetPublicKeyEncoded();

        public override bool TryComplete(ReadOnlySpan<byte> peerAnswer, [NotNullWhen(true)] out SecretBytes? shared)
        {
            shared = null;
            ObjectDisposedException.ThrowIf(_key is null, this);
            if (peerAnswer.Length != method.AnswerLength)
            {
                return false;
            }

            var decapsulator = new MLKemDecapsulator(method._parameters);
            decapsulator.Init(_key);
            shared = new SecretBytes(SecretLength);
            decapsulator.Decapsulate(peerAnswer, shared.Span);
            return true;
        }

        // The library keeps its keys in arrays of its own; all that can be done is to let go of them.
        protected override void Dispose(bool disposing) => _key = null;
    }

    /// <summary>The injected source, as the library wants it.</summary>
    private sealed class Source(IRandomSource random) : SecureRandom
    {
        public override void NextBytes(byte[] buf) => random.Fill(buf);

        public override void NextBytes(byte[] buf, int off, int len) => random.Fill(buf.AsSpan(off, len));

        public override void NextBytes(Span<byte> buffer) => random.Fill(buffer);
    }
}
