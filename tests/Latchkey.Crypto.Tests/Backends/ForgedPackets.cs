using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>A wrong ICV is refused without an exception and without garbage: an attacker chooses how many there are.</summary>
public class ForgedPackets
{
    public static TheoryData<AeadAlgorithm> All => [.. Algorithms.Aeads];

    [Theory, MemberData(nameof(All))]
    public void Allocate_nothing(AeadAlgorithm aead)
    {
        using var key = Backends.IpsecMb.CreateKey(aead, new byte[aead.KeyMaterialLength]);
        byte[] iv = new byte[aead.IvLength], header = new byte[12], text = new byte[1400], icv = new byte[aead.IcvLength];
        // An exception would be an object too.
        var least = long.MaxValue;
        var accepted = false;
        for (var i = 0; i < 1000; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            accepted |= key.TryDecrypt(iv, header, text, icv);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.False(accepted);
        Assert.Equal(0, least);
    }

    [Theory, MemberData(nameof(Backends.AllAeads), MemberType = typeof(Backends))]
    public void Leave_nothing_that_could_be_taken_for_a_text(BackedAead aead)
    {
        using var key = aead.CreateKey(new byte[aead.KeyMaterialLength]);
        var text = new byte[100];
        Array.Fill(text, (byte)7);
        Assert.False(key.TryDecrypt(new byte[aead.IvLength], new byte[8], text, new byte[aead.IcvLength]));
        Assert.True(text.AsSpan().IndexOfAnyExcept((byte)0) < 0);
    }
}
