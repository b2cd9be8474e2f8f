using System.Buffers.Binary;
using Latchkey.Crypto;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>Serves CREATE_CHILD_SA requests that replace the keys of the IKE SA (RFC 7296 §1.3.2, §2.18).</summary>
internal static class RekeyIkeResponder
{
    public static void Serve(HostContext context, IkeSa sa, Generation generation, PayloadSet request)
    {
        if (generation != sa.Current || sa.HasChildExchangeUnderWay || sa.RekeyUnderWay?.PeersRekey is not null)
        {
            generation.Respond(new NotifyPayload(NotifyType.TemporaryFailure));
            return;
        }

        if (request.Sa is not { } offered || request.Nonce is not { } nonceI || request.KeyExchange is not { } theirs)
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
            return;
        }

        // The suite in force before all that is better (docs/decisions/rekey-suite.md).
        if (!IkeNegotiation.TryChoose(offered, [generation.Suite.Again, .. context.RekeyProposals], out var chosen, out var suite) || chosen.Spi.Length != 8)
        {
            var configured = IkeNegotiation.Offer(context.RekeyProposals, []);
            context.Emit(new ProposalMismatch(sa.Local, sa.Remote, ByPeer: true, "IKE", ProposalRefusal.OfTheirs(offered, configured)));
            generation.Respond([new NotifyPayload(NotifyType.NoProposalChosen), .. sa.PeerIsLatchkey ? Telling.Of(configured) : []]);
            return;
        }

        var method = suite.KeyExchange;
        if (theirs.Method != method.TransformId)
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidKePayload, (byte)(method.TransformId >> 8), (byte)method.TransformId));
            return;
        }

        if (!method.TryAnswer(context.Random, theirs.PublicValue, out var publicValue, out var shared))
        {
            generation.Respond(new NotifyPayload(NotifyType.InvalidSyntax));
            return;
        }

        var nonceR = context.Nonce();
        var spiR = context.NewIkeSpi();
        var next = MakeGeneration(
            context, generation, suite, shared!, nonceI.Nonce, nonceR, BinaryPrimitives.ReadUInt64BigEndian(chosen.Spi), spiR, weInitiated: false);
        generation.Respond(
        [
            new SaPayload([chosen with { Spi = InitMessages.SpiOctets(spiR) }]),
            new NoncePayload(nonceR),
            new KeyExchangePayload(method.TransformId, publicValue),
            .. context.Tokens.For(next),
        ]);
        if (sa.RekeyUnderWay is { IsOnTheWire: true } ours)
        {
            // Both sides began at once: which of the two wins is known when ours is answered.
            ours.PeersRekey = (next, new PeerRekey(nonceI.Nonce, nonceR));
        }
        else
        {
            // A rekey of ours that is not on its way yet has become needless.
            sa.RekeyUnderWay = null;
            sa.Succeed(next, deleteOld: false);
        }
    }

    /// <summary>The next generation of keys; its original initiator is who began the rekey. Clears <paramref name="shared"/>.</summary>
    public static Generation MakeGeneration(
        HostContext context, Generation old, IkeSuite suite, SecretBytes shared, byte[] nonceI, byte[] nonceR, ulong spiI, ulong spiR, bool weInitiated)
    {
        using (shared)
        {
            // SKEYSEED by the old prf, the keys by the new one (RFC 7296 §2.18).
            using var seed = IkeKeyDerivation.RekeySkeySeed(old.Suite.Prf, old.Keys.SkD.Span, shared.Span, nonceI, nonceR);
            var keys = IkeKeyDerivation.IkeKeys(
                suite.Prf, suite.Encryption, seed.Span, nonceI, nonceR, InitMessages.SpiOctets(spiI), InitMessages.SpiOctets(spiR));
            return new Generation(context, old.Sa, spiI, spiR, weInitiated, suite, keys, firstId: 0);
        }
    }
}
