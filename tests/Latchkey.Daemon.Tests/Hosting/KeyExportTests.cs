using Latchkey.Crypto;
using Latchkey.Daemon.Hosting;
using Latchkey.Ike;
using Latchkey.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>The lines tshark reads (docs/decisions/judge-tshark.md).</summary>
public sealed class KeyExportTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-keys-");
    private static readonly AeadAlgorithm Gcm256 = Algorithms.FindAead(20, 256)!;
    private static readonly AeadAlgorithm ChaCha = Algorithms.FindAead(28, null)!;
    private static readonly PrfAlgorithm Prf = Algorithms.FindPrf(7)!;
    private static readonly KeyExchangeMethod X25519 = Algorithms.FindKeyExchange(31)!;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void An_IKE_SA_is_one_line()
    {
        Export(new KeysExported(new IkeKeyExport(0x0102030405060708, 0x1112131415161718, new IkeSuite(Gcm256, Prf, X25519), [0xaa, 1], [0xbb, 2]), null));

        Assert.Equal("0102030405060708,1112131415161718,aa01,bb02,\"AES-GCM-256 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n", Read("ikev2_decryption_table"));
    }

    /// <summary>A tunnel may move from one family to the other.</summary>
    [Fact]
    public void A_Child_SA_is_a_line_for_each_direction_and_family()
    {
        Export(new KeysExported(null, new ChildKeyExport(0x0a, 0x0b, new EspSuite(Gcm256, false, null), [1, 2], [3, 4])));

        Assert.Equal(
            "\"IPv4\",\"*\",\"*\",\"0x0000000a\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x0102\",\"NULL\",\"\"\n"
            + "\"IPv6\",\"*\",\"*\",\"0x0000000a\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x0102\",\"NULL\",\"\"\n"
            + "\"IPv4\",\"*\",\"*\",\"0x0000000b\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x0304\",\"NULL\",\"\"\n"
            + "\"IPv6\",\"*\",\"*\",\"0x0000000b\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x0304\",\"NULL\",\"\"\n",
            Read("esp_sa"));
    }

    [Fact]
    public void A_suite_tshark_cannot_name_is_left_out()
    {
        Export(new KeysExported(new IkeKeyExport(1, 2, new IkeSuite(ChaCha, Prf, X25519), [1], [2]), null));

        Assert.Empty(_directory.EnumerateFiles());
    }

    [Fact]
    public void Only_the_owner_reads_the_keys()
    {
        Export(new KeysExported(new IkeKeyExport(1, 2, new IkeSuite(Gcm256, Prf, X25519), [1], [2]), null));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory.FullName, "ikev2_decryption_table")));
    }

    private void Export(KeysExported keys) => new KeyExportFiles(_directory.FullName, NullLogger.Instance).Append(keys);

    private string Read(string file) => File.ReadAllText(Path.Combine(_directory.FullName, file));
}
