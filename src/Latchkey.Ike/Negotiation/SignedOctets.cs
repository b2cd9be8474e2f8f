using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>What one end's AUTH is over (RFC 7296 §2.15): InitiatorSignedOctets or ResponderSignedOctets.</summary>
/// <param name="Octets">The end's own IKE_SA_INIT message, the other's nonce, a MAC of the end's ID payload, and what IKE_INTERMEDIATE adds.</param>
/// <param name="SkP">The end's own SK_pi or SK_pr; lives as long as the generation.</param>
internal sealed record SignedOctets(PrfAlgorithm Prf, byte[] Octets, SecretBytes SkP)
{
    /// <param name="keys">Other keys than the generation's own, for example those with a PPK in them.</param>
    public static SignedOctets OfInitiator(Generation generation, InitResult init, IdentificationPayload id, IkeSaKeys? keys = null) =>
        Of(generation.Suite.Prf, (keys ?? generation.Keys).SkPi, init.Request, init.NonceR, id, init.IntermediateAuth);

    /// <inheritdoc cref="OfInitiator"/>
    public static SignedOctets OfResponder(Generation generation, InitResult init, IdentificationPayload id, IkeSaKeys? keys = null) =>
        Of(generation.Suite.Prf, (keys ?? generation.Keys).SkPr, init.Response, init.NonceI, id, init.IntermediateAuth);

    private static SignedOctets Of(PrfAlgorithm prf, SecretBytes skP, byte[] initMessage, byte[] nonce, IdentificationPayload id, byte[] intermediateAuth)
    {
        var maced = new byte[prf.OutputLength];
        prf.Compute(skP.Span, id.Body(), maced);
        return new SignedOctets(prf, [.. initMessage, .. nonce, .. maced, .. intermediateAuth], skP);
    }
}
