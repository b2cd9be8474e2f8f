using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class ChaCha20Poly1305Vectors
{
    private static readonly AeadAlgorithm Aead = Algorithms.FindAead(28, null)!;

    public static TheoryData<Vector> Rfc7634 => VectorFile.Read("rfc7634-chacha20-poly1305.txt");

    public static TheoryData<Vector> Rfc8439 => VectorFile.Read("rfc8439-chacha20-poly1305.txt");

    [Theory, MemberData(nameof(Rfc8439))]
    public void ChaCha20_Poly1305_agrees(Vector v) =>
        Assert.All(Backends.All, backend => PublishedPacket.Agrees(Aead, material => backend.CreateKey(Aead, material), v));

    [Theory, MemberData(nameof(Rfc7634))]
    public void Whole_packets_agree(Vector v) => Assert.All(Backends.All, backend => Agrees(backend, v));

    private static void Agrees(AeadBackend backend, Vector v)
    {
        using var key = backend.CreateKey(Aead, v.Octets("KeyMaterial"));
        var (associatedData, plaintext) = (v.Octets("AssociatedData"), v.Octets("Plaintext"));
        var packet = v.Octets("Packet").AsSpan(int.Parse(v.Text("HeaderLength")));
        Assert.Equal(associatedData.Length + 8 + plaintext.Length + 16, packet.Length);
        Assert.Equal(associatedData, packet[..associatedData.Length]);
        var iv = packet.Slice(associatedData.Length, 8);

        var (text, icv) = (plaintext.ToArray(), new byte[16]);
        key.Encrypt(iv, associatedData, text, icv);
        Assert.Equal([.. text, .. icv], packet[(associatedData.Length + 8)..].ToArray());

        Assert.True(key.TryDecrypt(iv, associatedData, text, icv));
        Assert.Equal(plaintext, text);
    }
}
