using Latchkey.Crypto;

namespace Latchkey.Fuzz;

internal sealed class PublicKeyTarget : FuzzTarget
{
    public override string Name => "public-key";

    public override string About => "SubjectPublicKeyInfo of a peer";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        if (PeerKey.TryRead(input, out var key, out var error))
        {
            Must(key.SubjectPublicKeyInfo.SequenceEqual(input), "a key has one encoding: its fingerprint is of what was received");
            Must(!key.Verify([], [1, 2, 3], new byte[64]), "nonsense is no signature");
        }
        else
        {
            Must(error.Length > 0, "a refusal has a reason");
        }
    }
}
