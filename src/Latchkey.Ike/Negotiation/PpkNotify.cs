using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>The notifies of postquantum preshared keys (RFC 8784 §3, §4).</summary>
internal static class PpkNotify
{
    /// <summary>PPK_ID_FIXED (§5.1): the identity names a key, and needs nothing else to be understood.</summary>
    private const byte FixedId = 2;

    public static NotifyPayload Use { get; } = new(NotifyType.UsePpk);

    /// <summary>From the responder: the key was used.</summary>
    public static NotifyPayload Used { get; } = new(NotifyType.PpkIdentity);

    public static NotifyPayload Identity(PostquantumKey key) => new(NotifyType.PpkIdentity, [FixedId, .. key.Id.Span]);

    /// <summary>What AUTH would be without the key, for a responder that has another or none.</summary>
    public static NotifyPayload Without(AuthPayload auth) => new(NotifyType.NoPpkAuth, auth.Data);

    public static bool Names(NotifyPayload identity, PostquantumKey key) => identity.Data is [FixedId, .. var id] && key.Id.Span.SequenceEqual(id);
}
