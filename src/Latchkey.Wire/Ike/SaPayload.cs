using System.Collections.Immutable;

namespace Latchkey.Wire.Ike;

/// <summary>Security Association payload: proposals, best first (RFC 7296 §3.3).</summary>
public sealed record SaPayload(ImmutableArray<Proposal> Proposals) : IkePayload
{
    private const byte More = 2;

    public override PayloadType Type => PayloadType.SecurityAssociation;

    public override void WriteBody(IkeWriter writer) => writer.Substructures(Proposals, More, static (proposal, writer) => proposal.Write(writer));

    internal static SaPayload Read(ref IkeReader reader)
    {
        var proposals = ImmutableArray.CreateBuilder<Proposal>();
        while (!reader.Failed)
        {
            if (proposals.Count == IkeLimits.Proposals)
            {
                reader.Fail("proposals", IkeLimits.Proposals, proposals.Count + 1);
                break;
            }

            var more = reader.U8("proposal");
            reader.U8("proposal");
            var length = reader.U16("proposal length");
            if (length < 8)
            {
                reader.Fail("proposal length", 8, length);
                break;
            }

            var part = reader.Part(length - 4, "proposal");
            proposals.Add(Proposal.Read(ref part));
            reader.Adopt(part.Error);
            if (more == 0 || reader.Remaining == 0)
            {
                break;
            }
        }

        if (reader.Remaining > 0)
        {
            reader.Fail("octets behind the last proposal", 0, reader.Remaining);
        }

        return new SaPayload(proposals.ToImmutable());
    }
}
