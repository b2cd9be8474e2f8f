using System.Buffers.Binary;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>AUTH_LIFETIME (RFC 4478 §3): within how many seconds the end that began the IKE SA is to prove itself anew, in four octets.</summary>
internal static class AuthLifetime
{
    public static NotifyPayload Of(TimeSpan lifetime)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, (uint)Math.Clamp(lifetime.TotalSeconds, 1, uint.MaxValue));
        return new NotifyPayload(NotifyType.AuthLifetime, octets);
    }

    /// <returns>Null where none is told, or none that can be read.</returns>
    public static TimeSpan? Read(PayloadSet payloads) =>
        payloads.Notify(NotifyType.AuthLifetime) is { Data: { Length: 4 } octets } ? TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(octets)) : null;
}
