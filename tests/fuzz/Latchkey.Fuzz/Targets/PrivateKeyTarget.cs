using Latchkey.Crypto;

namespace Latchkey.Fuzz;

internal sealed class PrivateKeyTarget : FuzzTarget
{
    public override string Name => "private-key";

    public override string About => "PEM files of private keys";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        if (SigningKey.TryReadPem(input, out var key, out var error))
        {
            key.Dispose();
        }
        else
        {
            Must(error.Length > 0, "a refusal has a reason");
        }
    }
}
