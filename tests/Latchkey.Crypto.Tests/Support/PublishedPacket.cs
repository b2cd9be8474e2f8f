using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>A case of a combined mode: Key, Nonce, AssociatedData, Plaintext, Ciphertext and Tag; with a Result, the tag is wrong.</summary>
internal static class PublishedPacket
{
    /// <summary>The salt is the front of the nonce and the end of the keying material.</summary>
    public static void Agrees(AeadAlgorithm aead, Func<byte[], AeadKey> makeKey, Vector v)
    {
        var (salt, iv) = (v.Octets("Nonce")[..aead.SaltLength], v.Octets("Nonce")[aead.SaltLength..]);
        using var key = makeKey([.. v.Octets("Key"), .. salt]);
        var (ciphertext, tag, associatedData) = (v.Octets("Ciphertext"), v.Octets("Tag"), v.Octets("AssociatedData"));
        if (v.Has("Result"))
        {
            Assert.False(key.TryDecrypt(iv, associatedData, ciphertext, tag));
            return;
        }

        var (text, icv) = (v.Octets("Plaintext"), new byte[aead.IcvLength]);
        key.Encrypt(iv, associatedData, text, icv);
        Assert.Equal(ciphertext, text);
        Assert.Equal(tag, icv);
        Assert.True(key.TryDecrypt(iv, associatedData, text, icv));
        Assert.Equal(v.Octets("Plaintext"), text);
    }
}
