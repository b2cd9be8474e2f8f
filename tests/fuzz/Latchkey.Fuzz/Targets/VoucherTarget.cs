using Latchkey.Crypto;

namespace Latchkey.Fuzz;

internal sealed class VoucherTarget : FuzzTarget
{
    public override string Name => "voucher";

    public override string About => "what a former key says of its successor";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        if (KeyVoucher.TryRead(input, out var voucher))
        {
            _ = voucher.ToString();
        }
    }
}
