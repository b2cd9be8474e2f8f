using System.Text;
using Xunit;

namespace Latchkey.Crypto.Tests;

public sealed class KeyVoucherTests : IDisposable
{
    private const long Made = 1_772_366_400;

    private readonly SigningKey[] _keys = [.. Enumerable.Range(0, 7).Select(_ => SigningKey.Generate(SystemRandom.Instance))];

    public void Dispose() => Array.ForEach(_keys, key => key.Dispose());

    [Fact]
    public void A_voucher_survives_the_wire_and_leads_from_the_old_key_to_the_new_one()
    {
        Assert.True(KeyVoucher.TryRead(Voucher(0, 1).ToBytes(), out var read));
        Assert.Equal((_keys[0].Public, Print(1), Made), (read.Old, read.New, read.Made));
        Assert.True(KeyVoucher.Leads(Print(0), Print(1), [read]));
    }

    [Fact]
    public void It_leads_nowhere_else_and_not_back()
    {
        KeyVoucher[] vouchers = [Voucher(0, 1)];
        Assert.False(KeyVoucher.Leads(Print(0), Print(2), vouchers));
        Assert.False(KeyVoucher.Leads(Print(1), Print(0), vouchers));
        Assert.False(KeyVoucher.Leads(Print(2), Print(1), vouchers));
        Assert.False(KeyVoucher.Leads(Print(0), Print(1), []));
    }

    [Fact]
    public void A_chain_leads_as_far_as_its_length_is_allowed_in_whatever_order_it_came()
    {
        KeyVoucher[] chain = [Voucher(3, 4), Voucher(0, 1), Voucher(2, 3), Voucher(1, 2), Voucher(4, 5)];
        Assert.True(KeyVoucher.Leads(Print(0), Print(KeyVoucher.ChainMaximum), chain));
        Assert.True(KeyVoucher.Leads(Print(2), Print(4), chain));
        Assert.False(KeyVoucher.Leads(Print(0), Print(KeyVoucher.ChainMaximum + 1), chain));
        Assert.False(KeyVoucher.Leads(Print(0), Print(4), [.. chain.Where(v => v.New != Print(2))]));
    }

    [Fact]
    public void A_ring_of_vouchers_ends()
    {
        Assert.False(KeyVoucher.Leads(Print(0), Print(6), [Voucher(0, 1), Voucher(1, 0)]));
    }

    [Fact]
    public void A_changed_octet_anywhere_is_not_believed()
    {
        var octets = Voucher(0, 1).ToBytes();
        for (var i = 0; i < octets.Length; i++)
        {
            var changed = octets.ToArray();
            changed[i] ^= 1;
            Assert.False(KeyVoucher.TryRead(changed, out var read) && KeyVoucher.Leads(Print(0), Print(1), [read]), $"octet {i}");
            Assert.False(KeyVoucher.TryRead(changed, out read) && KeyVoucher.Leads(Print(0), read.New, [read]), $"octet {i}");
        }
    }

    [Fact]
    public void Every_shorter_or_longer_text_is_refused()
    {
        var octets = Voucher(0, 1).ToBytes();
        for (var length = 0; length < octets.Length; length++)
        {
            Assert.False(KeyVoucher.TryRead(octets.AsSpan(0, length), out _), $"{length} octets");
        }

        Assert.False(KeyVoucher.TryRead([.. octets, 0], out _));
    }

    [Fact]
    public void Openssl_verifies_the_statement_as_the_document_gives_it()
    {
        var octets = Voucher(0, 1).ToBytes();
        var statement = new List<byte>(Encoding.ASCII.GetBytes("Latchkey key voucher 1\0"));
        statement.AddRange(Print(0).ToBytes());
        statement.AddRange(octets[47..87]); // the new fingerprint and the time, behind version, length and a key of 44 octets
        using var openSsl = new OpenSsl();
        openSsl.Write("key", _keys[0].Public.SubjectPublicKeyInfo);
        openSsl.Write("statement", statement.ToArray());
        openSsl.Write("signature", octets.AsSpan(^64..));
        Assert.True(openSsl.Run("pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in statement -sigfile signature"));
    }

    private KeyVoucher Voucher(int old, int successor) => KeyVoucher.Sign(_keys[old], Print(successor), Made);

    private KeyFingerprint Print(int key) => _keys[key].Public.Fingerprint;
}
