using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class AesGcmVectors
{
    public static TheoryData<Vector> Cavp => VectorFile.Read("nist-cavp-aes-gcm.txt");

    [Theory, MemberData(nameof(Cavp))]
    public void Aes_gcm_agrees(Vector v) => Assert.All(Backends.All, backend => Agrees(backend, v));

    private static void Agrees(AeadBackend backend, Vector v)
    {
        var (nonce, key) = (v.Octets("Nonce"), v.Octets("Key"));
        var aead = Algorithms.FindAead(20, 8 * key.Length)!;
        // The salt is the front of the nonce and the end of the keying material.
        using var cipher = backend.CreateKey(aead, [.. key, .. nonce[..4]]);
        var (ciphertext, tag, associatedData) = (v.Octets("Ciphertext"), v.Octets("Tag"), v.Octets("AssociatedData"));
        if (v.Has("Result"))
        {
            Assert.False(cipher.TryDecrypt(nonce.AsSpan(4), associatedData, ciphertext, tag));
            return;
        }

        var (text, icv) = (v.Octets("Plaintext"), new byte[16]);
        cipher.Encrypt(nonce.AsSpan(4), associatedData, text, icv);
        Assert.Equal(ciphertext, text);
        Assert.Equal(tag, icv);
        Assert.True(cipher.TryDecrypt(nonce.AsSpan(4), associatedData, text, icv));
        Assert.Equal(v.Octets("Plaintext"), text);
    }
}
