using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>No backend is used that does not compute what it should.</summary>
public class SelfTestTests
{
    [Fact]
    public void The_fast_library_is_taken_where_it_is_right() =>
        Assert.Same(Backends.IpsecMb, AeadChoice.Make(() => (Backends.IpsecMb, null), Backends.Bcl).Backend);

    [Fact]
    public void Without_it_the_plain_one_serves_and_nothing_is_refused()
    {
        var choice = AeadChoice.Make(() => (null, null), Backends.Bcl);
        Assert.Same(Backends.Bcl, choice.Backend);
        Assert.Null(choice.Refusal);
    }

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>()];

    [Theory, MemberData(nameof(Faults))]
    public void A_fast_library_that_is_wrong_is_refused_with_the_reason(Fault fault)
    {
        var choice = AeadChoice.Make(() => (new Broken(fault), null), Backends.Bcl);
        Assert.Same(Backends.Bcl, choice.Backend);
        Assert.Contains("the self-test of the ciphers failed: broken 1", choice.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plain_library_that_is_wrong_stops_everything() =>
        Assert.Throws<AeadSelfTestException>(() => AeadChoice.Make(() => (null, null), new Broken(Fault.Encrypts)));

    [Fact]
    public void A_library_of_another_kind_is_refused() =>
        Assert.Contains("libc.so.6 has no imb_get_version", Assert.Throws<IpsecMbException>(() => IpsecMbLibrary.Open("libc.so.6")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_library_that_is_not_there_is_no_fault() => Assert.Null(IpsecMbLibrary.Open("libIPSec_MB.so.0"));

    public enum Fault
    {
        Encrypts,
        WritesNoIcv,
        Decrypts,
        BelievesAnyIcv,
        FailsAtLength,
    }

    private sealed class Broken(Fault fault) : AeadBackend
    {
        public override string Library => "broken";

        public override string Version => "1";

        public override string? Variant => null;

        private protected override AeadKey CreateAesGcm(ReadOnlySpan<byte> key, SaltedNonce nonce) => new Key(fault, new BclAesGcmKey(key, nonce));

        private protected override AeadKey CreateChaCha20Poly1305(ReadOnlySpan<byte> key, SaltedNonce nonce) => new Key(fault, new BclChaCha20Poly1305Key(key, nonce));

        private sealed class Key(Fault fault, AeadKey right) : AeadKey
        {
            public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv)
            {
                right.Encrypt(iv, associatedData, plaintext, ciphertext, icv);
                if (fault == Fault.Encrypts || (fault == Fault.FailsAtLength && ciphertext.Length > 768))
                {
                    ciphertext[^1] ^= 1;
                }

                if (fault == Fault.WritesNoIcv)
                {
                    icv.Clear();
                }
            }

            public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv)
            {
                var so = right.TryDecrypt(iv, associatedData, text, icv);
                if (fault == Fault.Decrypts)
                {
                    text[0] ^= 1;
                }

                return so || fault == Fault.BelievesAnyIcv;
            }

            protected override void Dispose(bool disposing) => right.Dispose();
        }
    }
}
