using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class OldCipherVectors
{
    public static TheoryData<Vector> Rfc3602 => VectorFile.Read("rfc3602-aes-cbc.txt");

    public static TheoryData<Vector> Rfc3686 => VectorFile.Read("rfc3686-aes-ctr.txt");

    public static TheoryData<Vector> Ccm => VectorFile.Read("nist-cavs-aes-ccm.txt");

    public static TheoryData<Vector> Rfc4868 => VectorFile.Read("rfc4868-hmac-sha2-icv.txt");

    [Theory, MemberData(nameof(Rfc3602))]
    public void Aes_cbc_agrees(Vector v)
    {
        using var cipher = new AesCbc(v.Octets("Key"));
        Agrees(cipher, v);
    }

    [Theory, MemberData(nameof(Rfc3686))]
    public void Aes_ctr_agrees(Vector v)
    {
        using var cipher = new AesCtr(v.Octets("Key"), v.Octets("Nonce"));
        Agrees(cipher, v);
    }

    [Theory, MemberData(nameof(Ccm))]
    public void Aes_ccm_agrees(Vector v)
    {
        var (keyBits, icvLength) = (8 * v.Octets("Key").Length, v.Octets("Tag").Length);
        var aead = Algorithms.OldCiphers.OfType<AesCcmAead>().Single(a => a.KeyLengthAttribute == keyBits && a.IcvLength == icvLength);
        PublishedPacket.Agrees(aead, material => aead.CreateKey(material), v);
    }

    [Theory, MemberData(nameof(Rfc4868))]
    public void Hmac_agrees(Vector v)
    {
        using var mac = new HmacIcv(HmacSha2.All.Single(a => a.Name == v.Text("Name")), v.Octets("Key"));
        var icv = new byte[mac.Length];
        mac.Compute([], [], v.Octets("Data"), icv);
        Assert.Equal(v.Octets("Icv"), icv);
    }

    private static void Agrees(UnauthenticatedCipher cipher, Vector v)
    {
        var text = v.Octets("Plaintext");
        cipher.Encrypt(v.Octets("Iv"), text);
        Assert.Equal(v.Octets("Ciphertext"), text);
        cipher.Decrypt(v.Octets("Iv"), text);
        Assert.Equal(v.Octets("Plaintext"), text);
    }
}
