using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>Ciphers for old peers: for whoever names them, and for nobody else.</summary>
public class OldPeersTests
{
    public static TheoryData<AeadAlgorithm> All => [.. Algorithms.OldCiphers];

    [Theory, MemberData(nameof(All))]
    public void Each_carries_an_IKE_SA_a_Child_SA_and_their_rekeys_where_both_name_it(AeadAlgorithm cipher)
    {
        using var pair = new Pair(Ike(cipher));
        Allow(pair, cipher);
        var (sa, _) = Establish(pair, cipher);
        pair.A.Do(host => host.RekeyIkeSa(pair.Now, sa));
        pair.Run();
        pair.B.Do(host => host.RekeyChild(pair.Now, pair.B.Children.Keys.Single()));
        pair.Run();
        Assert.Equal(cipher, pair.A.Only<IkeSaRekeyed>().Suite.Encryption);
        Assert.All(pair.A.Said<ChildEstablished>(), e => Assert.Equal(cipher, e.Suite.Encryption));
        Assert.Equal(2, pair.A.Said<ChildEstablished>().Count());
        var (a, b) = (pair.A.Said<ChildEstablished>().Last(), pair.B.Said<ChildEstablished>().Last());
        Assert.Equal(a.InboundKey.Span.ToArray(), b.OutboundKey.Span.ToArray());
        Assert.Equal(cipher.KeyMaterialLength, a.InboundKey.Length);
    }

    [Theory, MemberData(nameof(All))]
    public void Long_messages_go_in_fragments_under_each(AeadAlgorithm cipher)
    {
        var hybrid = Ike(cipher);
        using var pair = new Pair(hybrid with { IkeProposals = [.. hybrid.IkeProposals.Select(p => p with { AdditionalKeyExchange = [Algorithms.MlKem1024] })] });
        Allow(pair, cipher);
        Establish(pair, cipher);
        Assert.Contains(pair.Wire.Sent, f => f.Message[16] == (byte)PayloadType.EncryptedFragment);
        Assert.All(pair.Wire.Sent, f => Assert.True(f.Message.Length <= 1280 - 40 - 8 - 4));
        Assert.Single(pair.B.Said<ChildEstablished>());
    }

    [Theory, MemberData(nameof(All))]
    public void Who_does_not_name_it_refuses_it_and_says_which_line_would_let_it_in(AeadAlgorithm cipher)
    {
        using var ike = new Pair(Ike(cipher), Pair.Settings());
        ike.A.Initiate(ike.B);
        ike.Run();
        Assert.Empty(ike.B.Said<AuthorizePeer>());
        Assert.Contains(ike.B.Only<ProposalMismatch>().Refusal.Remedies, r => r.Contains($"here, in [ike]: ike = [\"{cipher.Keyword}\", ", StringComparison.Ordinal));

        using var esp = new Pair();
        Establish(esp, cipher);
        Assert.Empty(esp.B.Said<ChildEstablished>());
        Assert.Contains(esp.B.Only<ProposalMismatch>().Refusal.Remedies, r => r.Contains($"esp = [\"{cipher.Keyword}\", ", StringComparison.Ordinal));
        Assert.Equal(CloseReason.NoProposalChosen, esp.A.Only<ChildFailed>().Reason);
    }

    [Fact]
    public void The_best_that_both_name_is_taken_and_an_integrity_algorithm_that_only_one_names_is_none()
    {
        var (sha256, sha512, gcm) = (Algorithms.FindCipher(12, 256, 12)!, Algorithms.FindCipher(12, 256, 14)!, Algorithms.FindAead(20, 256)!);
        using var both = new Pair(Ike(sha256, gcm), Ike(gcm, sha256));
        both.Establish();
        Assert.Equal(gcm, both.A.Only<IkeSaEstablished>().Suite.Encryption);

        using var neither = new Pair(Ike(sha256), Ike(sha512));
        neither.A.Initiate(neither.B);
        neither.Run();
        var difference = Assert.Single(neither.B.Only<ProposalMismatch>().Refusal.Differences);
        Assert.Equal("integrity: offered HMAC-SHA2-256-128; configured HMAC-SHA2-512-256", difference.ToString());
    }

    [Fact]
    public void ESP_that_encrypts_nothing_is_refused_and_called_by_its_name()
    {
        using var pair = new Pair();
        pair.B.Policy.AllowedEncryption = [.. Algorithms.OldCiphers];
        Establish(pair, new NullCipher());
        Assert.Empty(pair.B.Said<ChildEstablished>());
        Assert.Contains(pair.B.Only<ProposalMismatch>().Refusal.Differences, d => d.What == "encryption" && d.Offered.SequenceEqual(["NULL"]));
    }

    private static IkeSettings Ike(params ImmutableArray<AeadAlgorithm> ciphers)
    {
        var settings = Pair.Settings();
        return settings with { IkeProposals = [.. CipherGroups.Of(ciphers).Select(group => settings.IkeProposals[0] with { Encryption = group })] };
    }

    private static void Allow(Pair pair, AeadAlgorithm cipher) => pair.A.Policy.AllowedEncryption = pair.B.Policy.AllowedEncryption = [cipher];

    private static (IkeSaHandle Sa, ChildRequestHandle Child) Establish(Pair pair, AeadAlgorithm cipher)
    {
        var begun = default((IkeSaHandle, ChildRequestHandle));
        pair.A.Do(host => begun = host.Initiate(
            pair.Now, pair.A.Address, pair.B.Address, new ChildProposal(Pair.SelectorsBetween(pair.A, pair.B), [cipher], []), forceUdpEncapsulation: false, InitialContact.No));
        pair.Run();
        return begun;
    }

    /// <summary>ENCR_NULL with HMAC-SHA2-256-128, as a peer may offer it.</summary>
    private sealed class NullCipher : AeadAlgorithm
    {
        public override ushort TransformId => 11;

        public override int? KeyLengthAttribute => null;

        public override ushort? IntegrityId => 12;

        public override string Name => "NULL";

        public override int KeyLength => 0;

        public override int SaltLength => 0;

        public override int IvLength => 0;

        public override int IcvLength => 16;
    }
}
