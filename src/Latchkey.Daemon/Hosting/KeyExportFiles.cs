using System.Globalization;
using Latchkey.Crypto;
using Latchkey.Daemon.Identity;
using Latchkey.Daemon.Logging;
using Latchkey.Ike;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Keys in tshark's own format (docs/decisions/judge-tshark.md), appended as they come, so that a dissector nobody here
/// wrote can judge our packets. A debugging switch: whoever reads these files reads the traffic.
/// </summary>
internal sealed class KeyExportFiles
{
    private readonly string _ike;
    private readonly string _esp;
    private readonly ILogger _log;

    /// <exception cref="StartupException">The directory cannot be made.</exception>
    public KeyExportFiles(string directory, ILogger log)
    {
        _log = log;
        PrivateDirectory.Ensure(directory);
        _ike = Path.Combine(directory, "ikev2_decryption_table");
        _esp = Path.Combine(directory, "esp_sa");
    }

    /// <summary>Suites that tshark has no name for are left out: one line it cannot parse spoils its whole table.</summary>
    public void Append(KeysExported keys)
    {
        if (keys.IkeKeys is { } ike && TsharkNames.InIke(ike.Suite.Encryption) is { } ikeNames)
        {
            var (toR, toI) = (Parts(ike.Suite.Encryption, ike.SkEi), Parts(ike.Suite.Encryption, ike.SkEr));
            Append(_ike, string.Create(
                CultureInfo.InvariantCulture,
                $"{ike.SpiI:x16},{ike.SpiR:x16},{toR.Cipher},{toI.Cipher},\"{ikeNames.Encryption}\",{toR.Integrity},{toI.Integrity},\"{ikeNames.Integrity}\"\n"));
        }

        if (keys.Child is { } child && TsharkNames.InEsp(child.Suite.Encryption) is { } espNames)
        {
            Append(_esp, EspLines(child, espNames, child.InboundSpi, child.InboundKey) + EspLines(child, espNames, child.OutboundSpi, child.OutboundKey));
        }
    }

    /// <summary>One for each family: an SA may move between them.</summary>
    private static string EspLines(ChildKeyExport child, (string Encryption, string Integrity) names, uint spi, byte[] material)
    {
        var (cipher, integrity) = Parts(child.Suite.Encryption, material);
        return string.Concat(((string[])["IPv4", "IPv6"]).Select(family =>
            $"\"{family}\",\"*\",\"*\",\"0x{spi:x8}\",\"{names.Encryption}\",\"0x{cipher}\",\"{names.Integrity}\",\"{(integrity.Length > 0 ? $"0x{integrity}" : "")}\"\n"));
    }

    /// <returns>Key and salt; and the key of the integrity algorithm.</returns>
    private static (string Cipher, string Integrity) Parts(AeadAlgorithm cipher, byte[] material) =>
        (Hex(material[..^cipher.IntegrityKeyLength]), Hex(material[^cipher.IntegrityKeyLength..]));

    private static string Hex(byte[] key) => Convert.ToHexStringLower(key);

    private void Append(string file, string lines)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = OwnersFile.OwnerOnly };
        try
        {
            using var writer = new StreamWriter(new FileStream(file, options));
            writer.Write(lines);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A debugging aid must not end the daemon.
            _log.KeyExportFailed(e.Message);
        }
    }
}
