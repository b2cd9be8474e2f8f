using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>What one end's AUTH is over (RFC 7296 §2.15): InitiatorSignedOctets or ResponderSignedOctets.</summary>
/// <param name="Octets">The end's own IKE_SA_INIT message, the other's nonce, a MAC of the end's ID payload, and what IKE_INTERMEDIATE adds.</param>
internal sealed record SignedOctets(PrfAlgorithm Prf, byte[] Octets)
{
    public static SignedOctets OfInitiator(Generation generation, InitResult init, IdentificationPayload id) =>
        Of(generation.Suite.Prf, generation.Keys.SkPi, init.Request, init.NonceR, id, init.IntermediateAuth);

    public static SignedOctets OfResponder(Generation generation, InitResult init, IdentificationPayload id) =>
        Of(generation.Suite.Prf, generation.Keys.SkPr, init.Response, init.NonceI, id, init.IntermediateAuth);

    private static SignedOctets Of(PrfAlgorithm prf, SecretBytes skP, byte[] initMessage, byte[] nonce, IdentificationPayload id, byte[] intermediateAuth)
    {
        var maced = new byte[prf.OutputLength];
        prf.Compute(skP.Span, id.Body(), maced);
        return new SignedOctets(prf, [.. initMessage, .. nonce, .. maced, .. intermediateAuth]);
    }
}
