using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Latchkey.Crypto.Tests;

public class SecretBytesTests
{
    [Fact]
    public void Disposal_clears_the_octets_and_closes_the_secret()
    {
        var secret = new SecretBytes([1, 2, 3]);
        var memory = secret.Span;
        var copy = secret.Clone();
        secret.Dispose();
        Assert.Equal([0, 0, 0], memory.ToArray());
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
        Assert.Equal([1, 2, 3], copy.Span.ToArray());
    }

    [Fact]
    public void A_secret_of_many_owners_is_cleared_when_none_of_them_is_there_any_more()
    {
        var kept = SecretBytes.OfMany([1, 2, 3]);
        var octets = OctetsOfOneThatIsLeft();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal([0, 0, 0], octets);
        Assert.Equal([1, 2, 3], kept.Span.ToArray());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] OctetsOfOneThatIsLeft()
    {
        var octets = typeof(SecretBytes).GetField("_bytes", BindingFlags.NonPublic | BindingFlags.Instance)!;
        return (byte[])octets.GetValue(SecretBytes.OfMany([1, 2, 3]))!;
    }

    [Fact]
    public void A_secret_is_not_printed() => Assert.Equal("secret (3 octets)", new SecretBytes([1, 2, 3]).ToString());

    [Fact]
    public void Keys_of_an_SA_are_cleared_together()
    {
        var keys = IkeKeyDerivation.IkeKeys(Algorithms.Prfs[0], Algorithms.Aeads[0], [1], [2], [3], new byte[8], new byte[8]);
        keys.Dispose();
        foreach (var key in new[] { keys.SkD, keys.SkEi, keys.SkEr, keys.SkPi, keys.SkPr })
        {
            Assert.Throws<ObjectDisposedException>(() => key.Span.Length);
        }
    }
}
