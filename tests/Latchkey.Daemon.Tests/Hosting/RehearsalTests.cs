using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Hosting;
using Latchkey.Engine;
using Xunit;

namespace Latchkey.Daemon.Tests.Hosting;

public class RehearsalTests
{
    private static readonly EngineSettings Settings = EngineConfiguration.Of(new DaemonSettings(), []);

    [Fact]
    public void The_story_ends_as_it_should() => Rehearsal.Play(Settings);

    [Fact]
    public void With_a_cipher_that_does_not_work_the_daemon_refuses_to_start()
    {
        var broken = Settings with { Ike = Settings.Ike with { IkeProposals = [Settings.Ike.IkeProposals[0] with { Encryption = [new BrokenCipher()] }] } };

        Assert.Contains("self-test", Assert.Throws<StartupException>(() => Rehearsal.Play(broken)).Problem, StringComparison.Ordinal);
    }

    /// <summary>AES-GCM in name and size; nothing it encrypts can be decrypted.</summary>
    private sealed class BrokenCipher : AeadAlgorithm
    {
        private static readonly AeadAlgorithm Real = Algorithms.FindAead(20, 256)!;

        public override ushort TransformId => Real.TransformId;

        public override int? KeyLengthAttribute => Real.KeyLengthAttribute;

        public override string Name => Real.Name;

        public override int KeyLength => Real.KeyLength;

        public override int SaltLength => Real.SaltLength;

        public override int IvLength => Real.IvLength;

        public override int IcvLength => Real.IcvLength;

        public override AeadKey CreateKey(ReadOnlySpan<byte> keyMaterial) => new BrokenKey();
    }

    private sealed class BrokenKey : AeadKey
    {
        public override void Encrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> icv) => icv.Clear();

        public override bool TryDecrypt(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData, Span<byte> text, ReadOnlySpan<byte> icv) => false;

        protected override void Dispose(bool disposing)
        {
        }
    }
}
