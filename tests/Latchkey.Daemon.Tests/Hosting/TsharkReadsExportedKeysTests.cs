using System.Buffers.Binary;
using System.Diagnostics;
using Latchkey.Crypto;
using Latchkey.Daemon.Hosting;
using Latchkey.Ike;
using Latchkey.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

/// <summary>tshark opens a packet of each suite with the keys that were exported of it, and finds a changed one wrong.</summary>
public sealed class TsharkReadsExportedKeysTests : IDisposable
{
    private const ulong SpiI = 0x0102030405060708;
    private const ulong SpiR = 0x1112131415161718;
    private const uint Spi = 0x2122_2324;

    private static readonly PrfAlgorithm Prf = Algorithms.FindPrf(5)!;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-tshark-");

    public static TheoryData<AeadAlgorithm> Ciphers => [.. Algorithms.Aeads.Concat(Algorithms.OldCiphers)];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory, MemberData(nameof(Ciphers))]
    public void An_ESP_packet(AeadAlgorithm cipher)
    {
        var material = Material(cipher);
        Export(new KeysExported(null, new ChildKeyExport(Spi, Spi + 1, new EspSuite(cipher, false, null), material, material)));
        if (TsharkNames.InEsp(cipher) is null)
        {
            Assert.Empty(_directory.EnumerateFiles());
            return;
        }

        // UDP to port 9 without a checksum, and the ESP trailer: it fills four blocks.
        byte[] text = [0x12, 0x34, 0, 9, 0, 48, 0, 0, .. new byte[40], .. Enumerable.Range(1, 14).Select(i => (byte)i), 14, 17];
        var packet = new byte[8 + cipher.IvLength + text.Length + cipher.IcvLength];
        BinaryPrimitives.WriteUInt32BigEndian(packet, Spi);
        packet[7] = 1;
        Seal(cipher, material, packet, 8, text);
        Assert.Equal("1\t9", Ask(Ip(50, packet), "esp", "esp.icv_good", "udp.dstport"));
        packet[^1] ^= 1;
        Assert.StartsWith("0\t", Ask(Ip(50, packet), "esp", "esp.icv_good", "udp.dstport"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Ciphers))]
    public void An_IKE_message(AeadAlgorithm cipher)
    {
        var material = Material(cipher);
        Export(new KeysExported(new IkeKeyExport(SpiI, SpiR, new IkeSuite(cipher, Prf, Algorithms.FindKeyExchange(31)!), material, material), null));
        if (TsharkNames.InIke(cipher) is null)
        {
            Assert.Empty(_directory.EnumerateFiles());
            return;
        }

        // An INFORMATIONAL request with a notify, padded to four blocks.
        byte[] text = [0, 0, 0, 8, 0, 0, 0x40, 0x21, .. new byte[55], 55];
        var message = new byte[28 + 4 + cipher.IvLength + text.Length + cipher.IcvLength];
        BinaryPrimitives.WriteUInt64BigEndian(message, SpiI);
        BinaryPrimitives.WriteUInt64BigEndian(message.AsSpan(8), SpiR);
        new byte[] { 46, 0x20, 37, 0x08, 0, 0, 0, 2 }.CopyTo(message, 16);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(24), message.Length);
        message[28] = 41;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(30), (ushort)(message.Length - 28));
        Seal(cipher, material, message, 32, text);
        Assert.Equal("16417\t", Ask(Udp500(message), "isakmp.enc.decrypted", "isakmp.notify.msgtype", "isakmp.ikev2.integrity_checksum"));
        message[^1] ^= 1;
        Assert.NotEqual("16417\t", Ask(Udp500(message), "isakmp", "isakmp.notify.msgtype", "isakmp.ikev2.integrity_checksum"));
    }

    private static byte[] Material(AeadAlgorithm cipher) => [.. Enumerable.Range(1, cipher.KeyMaterialLength).Select(i => (byte)i)];

    /// <summary>Puts IV, ciphertext and ICV behind what is only authenticated.</summary>
    private static void Seal(AeadAlgorithm cipher, byte[] material, byte[] packet, int at, byte[] text)
    {
        using var key = cipher.CreateKey(material);
        Span<byte> iv = packet.AsSpan(at, cipher.IvLength), body = packet.AsSpan(at + cipher.IvLength, text.Length);
        key.WriteIv(1, iv);
        text.CopyTo(body);
        key.Encrypt(iv, packet.AsSpan(0, at), body, packet.AsSpan(packet.Length - cipher.IcvLength));
    }

    private static byte[] Udp500(byte[] message)
    {
        var datagram = new byte[8 + message.Length];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, 500);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), 500);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        message.CopyTo(datagram, 8);
        return Ip(17, datagram);
    }

    private static byte[] Ip(byte protocol, byte[] payload)
    {
        byte[] packet = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        return packet;
    }

    private void Export(KeysExported keys) => new KeyExportFiles(_directory.FullName, NullLogger.Instance).Append(keys);

    /// <returns>The fields of the one packet, or nothing when it does not match.</returns>
    private string Ask(byte[] packet, string filter, params string[] fields)
    {
        // A capture of raw IP packets (link type 101) with one in it.
        var file = new byte[24 + 16];
        BinaryPrimitives.WriteUInt32LittleEndian(file, 0xa1b2_c3d4);
        (file[4], file[6], file[17], file[20]) = (2, 4, 1, 101);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(32), packet.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(36), packet.Length);
        var capture = Path.Combine(_directory.FullName, "packet.pcap");
        File.WriteAllBytes(capture, [.. file, .. packet]);
        var start = new ProcessStartInfo(
            "tshark",
            ["-n", "-r", capture, "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE", "-Y", filter, "-T", "fields", .. fields.SelectMany(f => new[] { "-e", f })])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["WIRESHARK_CONFIG_DIR"] = _directory.FullName;
        using var tshark = Process.Start(start)!;
        var complaint = tshark.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = tshark.StandardOutput.ReadToEnd();
        tshark.WaitForExit();
        Assert.DoesNotContain("Error loading table", complaint.Result, StringComparison.Ordinal);
        return output.TrimEnd('\n');
    }
}
