namespace Latchkey.Crypto.Tests;

internal static class Allocated
{
    /// <summary>Octets for a packet of 1,408 octets, sealed and opened.</summary>
    /// <returns>The least of many: what the runtime does on this thread once in a while is not the cipher's.</returns>
    public static long ForAPacket(AeadKey key, int ivLength, int icvLength)
    {
        byte[] iv = new byte[ivLength], header = new byte[8], text = new byte[1408], icv = new byte[icvLength];
        var least = long.MaxValue;
        for (ulong number = 0; number < 1000; number++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            key.WriteIv(number, iv);
            key.Encrypt(iv, header, text, icv);
            key.TryDecrypt(iv, header, text, icv);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
