using Latchkey.Vectors;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class HmacPrfVectors
{
    public static TheoryData<Vector> Rfc4231 => VectorFile.Read("rfc4231-hmac-sha2.txt");

    [Theory, MemberData(nameof(Rfc4231))]
    public void Prf_agrees(Vector v)
    {
        var prf = Algorithms.Prfs.Single(p => p.Name == v.Text("Prf"));
        var output = new byte[prf.OutputLength];
        prf.Compute(v.Octets("Key"), v.Octets("Data"), output);
        Assert.Equal(v.Octets("Output"), output);
    }
}
