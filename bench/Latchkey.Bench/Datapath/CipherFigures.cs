using System.Globalization;
using System.Security.Cryptography;
using Latchkey.Bench.Report;
using Latchkey.Crypto;

namespace Latchkey.Bench.Datapath;

/// <summary>What a cipher costs by the library that Latchkey took here, and by the one that is always there.</summary>
internal static class CipherFigures
{
    private const int Packets = 64;
    private const int Size = 1400;

    private static readonly byte[] Nonce = new byte[12];
    private static readonly byte[] Header = new byte[12];
    private static readonly byte[] Text = new byte[Size];
    private static readonly byte[] Icv = new byte[16];
    private static readonly byte[] ForgedIcv = new byte[16];

    public static Table Measure(TimeSpan length)
    {
        var table = new Table([$"a packet of {Size} octets, one core", $"{AeadBackend.Chosen}", "the BCL"]);
        using var gcm256 = new AesGcm(new byte[32], Icv.Length);
        using var gcm128 = new AesGcm(new byte[16], Icv.Length);
        using var chacha = new ChaCha20Poly1305(new byte[32]);
        Add(Algorithms.FindAead(20, 256)!, () => gcm256.Encrypt(Nonce, Text, Text, Icv, Header), () => gcm256.Decrypt(Nonce, Text, ForgedIcv, Text, Header));
        Add(Algorithms.FindAead(20, 128)!, () => gcm128.Encrypt(Nonce, Text, Text, Icv, Header), () => gcm128.Decrypt(Nonce, Text, ForgedIcv, Text, Header));
        Add(Algorithms.FindAead(28, null)!, () => chacha.Encrypt(Nonce, Text, Text, Icv, Header), () => chacha.Decrypt(Nonce, Text, ForgedIcv, Text, Header));
        return table;

        void Add(AeadAlgorithm algorithm, Action encrypt, Action decrypt)
        {
            using var key = algorithm.CreateKey(new byte[algorithm.KeyMaterialLength]);
            var iv = new byte[algorithm.IvLength];
            table.Add([$"{algorithm}, encrypted", Time(() => key.Encrypt(iv, Header, Text, Icv)), Time(encrypt)]);
            table.Add([$"{algorithm}, forged and refused", Time(() => key.TryDecrypt(iv, Header, Text, ForgedIcv)), Time(() => Refused(decrypt))]);
        }

        string Time(Action action) =>
            string.Create(CultureInfo.InvariantCulture, $"{Batches.PerPacket(Packets, length, () => { }, () => Batches.Repeat(Packets, action)):n0} ns");
    }

    /// <summary>The BCL says so only by throwing.</summary>
    private static void Refused(Action decrypt)
    {
        try
        {
            decrypt();
        }
        catch (AuthenticationTagMismatchException)
        {
            return;
        }

        throw new InvalidOperationException("a forged packet was accepted");
    }
}
