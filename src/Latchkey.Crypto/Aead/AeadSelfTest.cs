namespace Latchkey.Crypto;

/// <summary>What a backend must show before it is trusted with a packet.</summary>
internal static class AeadSelfTest
{
    // Long enough for every path of an implementation that takes many blocks at a time: below, at and above its steps.
    private static readonly int[] Sizes = [0, 1, 15, 16, 17, 63, 64, 65, 127, 255, 256, 257, 511, 767, 768, 769, 1023, 1408, 1500, 4096, 9000, 65_500];

    /// <summary>Published vectors: encrypts, decrypts, and refuses a wrong ICV.</summary>
    /// <exception cref="AeadSelfTestException">The backend fails.</exception>
    public static void Run(AeadBackend backend)
    {
        foreach (var known in KnownAnswer.All)
        {
            using var key = backend.CreateKey(known.Algorithm, known.KeyMaterial);
            var (text, icv) = (known.Plaintext.ToArray(), new byte[known.Algorithm.IcvLength]);
            key.Encrypt(known.Iv, known.AssociatedData, text, icv);
            if (!text.AsSpan().SequenceEqual(known.Ciphertext) || !icv.AsSpan().SequenceEqual(known.Icv))
            {
                throw Failed(backend, $"does not encrypt {known}");
            }

            if (!key.TryDecrypt(known.Iv, known.AssociatedData, text, icv) || !text.AsSpan().SequenceEqual(known.Plaintext))
            {
                throw Failed(backend, $"does not decrypt {known}");
            }

            icv[^1] ^= 1;
            if (key.TryDecrypt(known.Iv, known.AssociatedData, known.Ciphertext.ToArray(), icv))
            {
                throw Failed(backend, $"accepts a wrong ICV of {known}");
            }
        }
    }

    /// <summary>Published vectors are short; this compares two backends over sizes up to the longest packet.</summary>
    /// <exception cref="AeadSelfTestException">They differ.</exception>
    public static void Compare(AeadBackend backend, AeadBackend reference)
    {
        foreach (var known in KnownAnswer.All)
        {
            using var key = backend.CreateKey(known.Algorithm, known.KeyMaterial);
            using var other = reference.CreateKey(known.Algorithm, known.KeyMaterial);
            foreach (var size in Sizes)
            {
                var plaintext = new byte[size];
                for (var i = 0; i < size; i++)
                {
                    plaintext[i] = (byte)(i * 31);
                }

                var (text, icv) = (new byte[size], new byte[known.Algorithm.IcvLength]);
                key.Encrypt(known.Iv, known.AssociatedData, plaintext, text, icv);
                if (!other.TryDecrypt(known.Iv, known.AssociatedData, text, icv) || !text.AsSpan().SequenceEqual(plaintext))
                {
                    throw Failed(backend, $"and {reference} disagree about {size} octets of {known.Algorithm}");
                }

                other.Encrypt(known.Iv, known.AssociatedData, text, icv);
                if (!key.TryDecrypt(known.Iv, known.AssociatedData, text, icv) || !text.AsSpan().SequenceEqual(plaintext))
                {
                    throw Failed(backend, $"does not decrypt {size} octets of {known.Algorithm}");
                }
            }
        }
    }

    private static AeadSelfTestException Failed(AeadBackend backend, string how) => new($"the self-test of the ciphers failed: {backend} {how}");
}
