using System.Text;
using Latchkey.Crypto;
using Latchkey.Judges;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>
/// Nobody has published vectors of RFC 9242 and RFC 9370. So a judge that was written from the RFCs, in another language and
/// with another library, follows a whole set-up from its datagrams: it opens each message, verifies both AUTH payloads, and
/// comes to the same keys.
/// </summary>
public class KeyDerivationJudgeTests
{
    private const string Shared = "sixteen octets at least";

    [Theory]
    [InlineData(5, "sha256", 128, 0, false)]
    [InlineData(6, "sha384", 256, 0, true)]
    [InlineData(7, "sha512", 256, 36, false)]
    [InlineData(5, "sha256", 256, 36, true)]
    [InlineData(6, "sha384", 256, 37, false)]
    public void The_judge_comes_to_the_same_keys_and_believes_both_ends(ushort prf, string hash, int bits, int additional, bool sharedKey)
    {
        List<byte[]> secrets = [];
        using var pair = new Pair(Settings(prf, bits, additional, []), Settings(prf, bits, additional, secrets));
        if (sharedKey)
        {
            pair.A.Policy.Credentials = Credentials("b");
            pair.B.Policy.Credentials = Credentials("a");
        }

        pair.Establish();
        Assert.Equal(additional == 0 ? 1 : 2, secrets.Count);

        AssertAgrees(pair, Judge(pair, hash, bits, secrets, Shared));
    }

    [Theory]
    [InlineData(256, 12, "sha256", 0)]
    [InlineData(128, 13, "sha384", 36)]
    [InlineData(256, 14, "sha512", 0)]
    public void The_judge_follows_an_IKE_SA_under_AES_CBC(int bits, ushort integrity, string hash, int additional)
    {
        List<byte[]> secrets = [];
        var cipher = Algorithms.FindCipher(12, bits, integrity)!;
        using var pair = new Pair(With(Settings(5, 256, additional, []), cipher), With(Settings(5, 256, additional, secrets), cipher));
        pair.A.Policy.AllowedEncryption = pair.B.Policy.AllowedEncryption = [cipher];
        pair.A.Do(host => host.Initiate(pair.Now, pair.A.Address, pair.B.Address, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B), [cipher], []), forceUdpEncapsulation: false, InitialContact.No));
        pair.Run();

        AssertAgrees(pair, Judge(pair, "sha256", $"CbcHmac({bits}, '{hash}')", secrets, ""));
    }

    /// <summary>RFC 7296 §2.18: SKEYSEED by the prf of before, everything else by the new one. Peers exist that do it otherwise.</summary>
    [Theory]
    [InlineData(5, 7, "sha256")]
    [InlineData(6, 5, "sha384")]
    public void The_judge_comes_to_the_same_keys_when_a_rekey_changes_the_prf(ushort first, ushort then, string hash)
    {
        List<byte[]> secrets = [];
        IkeSettings Both(List<byte[]> heard)
        {
            var plain = Settings(first, 256, 0, heard);
            return plain with { IkeProposals = [plain.IkeProposals[0] with { Prf = [Algorithms.FindPrf(first)!, Algorithms.FindPrf(then)!] }] };
        }

        using var pair = new Pair(Both([]), Both(secrets));
        _ = new Rewriter(pair)
        {
            Change = (header, payloads) => header is { Exchange: ExchangeType.CreateChildSa, IsResponse: false } ? [.. payloads.Select(p => Without(p, first))] : payloads,
        };
        var (sa, _) = pair.Establish();
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, sa));
        pair.Run();
        Assert.Equal(then, pair.A.Only<IkeSaRekeyed>().Suite.Prf.TransformId);
        pair.A.Do(host => host.CreateChild(pair.Now, sa, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B))));
        pair.Run();

        AssertAgrees(pair, Judge(pair, hash, 256, secrets, ""), ikeSas: 2, childSas: 2);
    }

    /// <summary>Both ends proved themselves, and the judge has the keys of each SA as they were exported.</summary>
    private static void AssertAgrees(Pair pair, string[] lines, int ikeSas = 1, int childSas = 1)
    {
        Assert.Equal(["initiator proved", "responder proved"], lines[..2]);
        var exported = pair.A.Said<KeysExported>().ToList();
        Assert.Equal(exported.Select(k => k.IkeKeys).OfType<IkeKeyExport>().Select(k => $"{Hex(k.SkEi)} {Hex(k.SkEr)}"), lines[^(ikeSas + childSas)..^childSas]);
        Assert.Equal(exported.Select(k => k.Child).OfType<ChildKeyExport>().Select(k => Hex(k.OutboundKey) + Hex(k.InboundKey)), lines[^childSas..]);
    }

    private static IkePayload Without(IkePayload payload, ushort prf) => payload is SaPayload sa
        ? new SaPayload([.. sa.Proposals.Select(p => p with { Transforms = [.. p.Transforms.Where(t => t.Type != TransformType.Prf || t.Id != prf)] })])
        : payload;

    [Fact]
    public void The_judge_does_not_believe_another_secret()
    {
        List<byte[]> secrets = [];
        using var pair = new Pair(Settings(5, 256, 36, []), Settings(5, 256, 36, secrets));
        (pair.A.Policy.Credentials, pair.B.Policy.Credentials) = (Credentials("b"), Credentials("a"));
        pair.Establish();
        Assert.Equal(["initiator NOT proved", "responder NOT proved"], Judge(pair, "sha256", 256, secrets, "another sixteen octets")[..2]);
    }

    internal static string[] Judge(Pair pair, string hash, int bits, IEnumerable<byte[]> secrets, string psk, byte[]? ppk = null) => Judge(pair, hash, $"Gcm({bits})", secrets, psk, ppk);

    private static string[] Judge(Pair pair, string hash, string cipher, IEnumerable<byte[]> secrets, string psk, byte[]? ppk = null)
    {
        var datagrams = pair.Wire.Sent.Select(flight => flight.Message).Where(m => (ExchangeType)m[18] is not ExchangeType.Informational);
        return Scapy.Run(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Judges", "ikev2.py"))
            + $"\njudge('{hash}', {cipher}, {List(datagrams)}, {List(secrets)}, b'{psk}', bytes.fromhex('{Hex(ppk ?? [])}'))\n");
    }

    internal static IkeSettings Settings(ushort prf, int bits, int additional, List<byte[]> secrets)
    {
        var plain = new IkeProposal([Algorithms.FindAead(20, bits)!], [Algorithms.FindPrf(prf)!], [new RecordingKeyExchange(Algorithms.FindKeyExchange(31)!, secrets)]);
        return new IkeSettings
        {
            IkeProposals = [additional == 0 ? plain : plain with { AdditionalKeyExchange = [new RecordingKeyExchange(additional == 36 ? Algorithms.MlKem768 : Algorithms.MlKem1024, secrets)] }],
            EspProposals = [new EspProposal([Algorithms.FindAead(20, bits)!], [])],
            ExportKeys = true,
        };
    }

    private static IkeSettings With(IkeSettings settings, AeadAlgorithm cipher) => settings with { IkeProposals = [.. settings.IkeProposals.Select(p => p with { Encryption = [cipher] })] };

    private static PeerCredentials Credentials(string peer)
    {
        var secret = new SecretBytes(Encoding.ASCII.GetBytes(Shared));
        return new PeerCredentials(peer, new PeerProof.SharedKey(secret), new OwnProof.SharedKey(secret));
    }

    private static string List(IEnumerable<byte[]> octets) => $"[{string.Join(", ", octets.Select(o => $"bytes.fromhex('{Hex(o)}')"))}]";

    private static string Hex(byte[] octets) => Convert.ToHexStringLower(octets);
}
