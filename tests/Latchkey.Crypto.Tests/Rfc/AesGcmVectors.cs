using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class AesGcmVectors
{
    public static TheoryData<Vector> Cavp => VectorFile.Read("nist-cavp-aes-gcm.txt");

    [Theory, MemberData(nameof(Cavp))]
    public void Aes_gcm_agrees(Vector v)
    {
        var aead = Algorithms.FindAead(20, 8 * v.Octets("Key").Length)!;
        Assert.All(Backends.All, backend => PublishedPacket.Agrees(aead, material => backend.CreateKey(aead, material), v));
    }
}
