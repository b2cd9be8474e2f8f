using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>What one end's AUTH is over (RFC 7296 §2.15): InitiatorSignedOctets or ResponderSignedOctets.</summary>
/// <param name="Octets">The end's own IKE_SA_INIT message, the other's nonce, and a MAC of the end's ID payload.</param>
internal sealed record SignedOctets(PrfAlgorithm Prf, byte[] Octets)
{
    public static SignedOctets OfInitiator(Generation generation, InitResult init, IdentificationPayload id) =>
        Of(generation.Suite.Prf, generation.Keys.SkPi, init.Request, init.NonceR, id);

    public static SignedOctets OfResponder(Generation generation, InitResult init, IdentificationPayload id) =>
        Of(generation.Suite.Prf, generation.Keys.SkPr, init.Response, init.NonceI, id);

    private static SignedOctets Of(PrfAlgorithm prf, SecretBytes skP, byte[] initMessage, byte[] nonce, IdentificationPayload id)
    {
        var maced = new byte[prf.OutputLength];
        prf.Compute(skP.Span, id.Body(), maced);
        return new SignedOctets(prf, [.. initMessage, .. nonce, .. maced]);
    }
}
