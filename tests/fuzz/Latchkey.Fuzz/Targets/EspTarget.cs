using Latchkey.Wire;

namespace Latchkey.Fuzz;

internal sealed class EspTarget : FuzzTarget
{
    public override string Name => "esp";

    public override string About => "ESP headers, and the trailer of what was decrypted";

    protected override void Handle(ReadOnlySpan<byte> input)
    {
        if (EspView.TryCreate(input, out var view))
        {
            Must(view.Spi != 0 && view.Body.Length == input.Length - EspView.HeaderLength, "the body is all there is behind the header");
        }

        if (EspTrailer.TryRead(input, out var trailer))
        {
            Must(trailer.PayloadLength + trailer.PadLength + EspTrailer.FixedLength == input.Length, "payload, padding and trailer are all there is");
        }
    }
}
