using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// What only Latchkey hosts say to each other: notifies of private numbers (RFC 7296 §3.10.1), sent only to who announced
/// the same Vendor ID in IKE_SA_INIT (§3.12). AUTH covers both, so nobody on the path can add or remove them.
/// </summary>
internal static class Vendor
{
    private const NotifyType BirthNotify = (NotifyType)61440;

    public static VendorIdPayload Id { get; } = new([.. "Latchkey private notifies 1"u8]);

    public static bool IsAnnounced(PayloadSet payloads) => payloads.VendorIds.Any(v => v.Id.AsSpan().SequenceEqual(Id.Id));

    /// <summary>Our birth certificate, for an IKE_AUTH message; nothing for who would not understand it.</summary>
    public static IEnumerable<IkePayload> Birth(HostContext context, InitResult init) =>
        init.PeerIsLatchkey && context.Birth is { } birth ? [new NotifyPayload(BirthNotify, birth.ToBytes(context.Now))] : [];

    /// <summary>The peer's, from its IKE_AUTH message.</summary>
    public static BirthCertificate? ReadBirth(HostContext context, InitResult init, PayloadSet payloads) =>
        init.PeerIsLatchkey && payloads.Notify(BirthNotify) is { } notify ? BirthCertificate.Read(notify.Data, context.Now) : null;
}
