using System.Security.Cryptography;
using System.Text;
using Latchkey.Crypto;

namespace Latchkey.Daemon.Identity;

/// <summary>
/// What former keys of this host said of their successors: PEM blocks beside the key file, the oldest first. They are no
/// secret; every peer is shown them.
/// </summary>
public static class VoucherFile
{
    private const string Label = "LATCHKEY KEY VOUCHER";

    /// <summary>The vouchers, each of which the next one's key was vouched for by, up to <paramref name="current"/>.</summary>
    /// <remarks>What does not lead to the current key is left out: its owner put another key there by hand.</remarks>
    /// <exception cref="StartupException">The file cannot be read, or is none of ours.</exception>
    public static IReadOnlyList<KeyVoucher> Load(string keyFile, KeyFingerprint current)
    {
        var file = NameFor(keyFile);
        try
        {
            var chain = new List<KeyVoucher>();
            foreach (var voucher in Read(file).AsEnumerable().Reverse())
            {
                if (voucher.New != (chain.Count == 0 ? current : chain[0].Old.Fingerprint) || !voucher.Verify())
                {
                    continue;
                }

                chain.Insert(0, voucher);
            }

            return chain;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new StartupException(
                $"cannot read the vouchers {file}: {e.Message}", "restore the file, or delete it; then peers that pinned a former key of this host refuse it until a person decides");
        }
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Append(string keyFile, KeyVoucher voucher)
    {
        ArgumentNullException.ThrowIfNull(voucher);
        var file = NameFor(keyFile);
        IEnumerable<KeyVoucher> kept;
        try
        {
            kept = Read(file);
        }
        catch (FormatException e)
        {
            throw new IOException($"{file}: {e.Message}", e);
        }

        OwnersFile.Write(
            file,
            Encoding.UTF8.GetBytes(string.Concat(kept.Append(voucher).TakeLast(KeyVoucher.ChainMaximum).Select(v => PemEncoding.WriteString(Label, v.ToBytes()) + "\n"))),
            overwrite: true);
    }

    private static string NameFor(string keyFile) => $"{keyFile}.vouchers";

    private static List<KeyVoucher> Read(string file)
    {
        var vouchers = new List<KeyVoucher>();
        var text = File.Exists(file) ? File.ReadAllText(file) : "";
        while (PemEncoding.TryFind(text, out var fields))
        {
            if (text[fields.Label] != Label || !KeyVoucher.TryRead(Convert.FromBase64String(text[fields.Base64Data]), out var voucher))
            {
                throw new FormatException($"it holds something that is no \"{Label}\"");
            }

            vouchers.Add(voucher);
            text = text[fields.Location.End..];
        }

        return vouchers;
    }
}
