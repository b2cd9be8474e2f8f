using System.Globalization;
using Latchkey.Daemon.Identity;
using Latchkey.Daemon.Logging;
using Latchkey.Ike;
using Latchkey.Wire;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary>
/// Keys in tshark's own format (docs/decisions/judge-tshark.md), appended as they come, so that a dissector nobody here
/// wrote can judge our packets. A debugging switch: whoever reads these files reads the traffic.
/// </summary>
internal sealed class KeyExportFiles
{
    private const ushort AesGcm16 = 20;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

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
        if (keys.IkeKeys is { } ike && ike.Suite.Encryption.TransformId == AesGcm16)
        {
            Append(_ike, string.Create(
                CultureInfo.InvariantCulture,
                $"{ike.SpiI:x16},{ike.SpiR:x16},{Hex(ike.SkEi)},{Hex(ike.SkEr)},\"AES-GCM-{ike.Suite.Encryption.KeyLengthAttribute} with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n"));
        }

        if (keys.Child is { } child && child.Suite.Encryption.TransformId == AesGcm16)
        {
            Append(_esp, EspLine(child.Local.Address, child.InboundSpi, child.InboundKey) + EspLine(child.Local.Address, child.OutboundSpi, child.OutboundKey));
        }
    }

    private static string EspLine(InetAddress address, uint spi, byte[] key) => string.Create(
        CultureInfo.InvariantCulture,
        $"\"{(address.IsV6 ? "IPv6" : "IPv4")}\",\"*\",\"*\",\"0x{spi:x8}\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x{Hex(key)}\",\"NULL\",\"\"\n");

    private static string Hex(byte[] key) => Convert.ToHexStringLower(key);

    private void Append(string file, string lines)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = OwnerOnly };
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
