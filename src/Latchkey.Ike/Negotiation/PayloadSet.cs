using System.Collections.Immutable;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>The payloads of one message, looked up by kind.</summary>
internal sealed class PayloadSet(ImmutableArray<IkePayload> payloads)
{
    public SaPayload? Sa => Only<SaPayload>();

    public KeyExchangePayload? KeyExchange => Only<KeyExchangePayload>();

    public NoncePayload? Nonce => Only<NoncePayload>();

    public AuthPayload? Auth => Only<AuthPayload>();

    public IEnumerable<VendorIdPayload> VendorIds => payloads.OfType<VendorIdPayload>();

    public IEnumerable<DeletePayload> Deletes => payloads.OfType<DeletePayload>();

    /// <summary>The first error notify, or null.</summary>
    public NotifyPayload? Error => payloads.OfType<NotifyPayload>().FirstOrDefault(n => n.Notify.IsError());

    /// <summary>The first payload that we do not know and must not skip, or null (RFC 7296 §2.5).</summary>
    public UnknownPayload? UnknownCritical => payloads.OfType<UnknownPayload>().FirstOrDefault(p => p.Critical);

    public IdentificationPayload? Id(bool ofInitiator) =>
        payloads.OfType<IdentificationPayload>().FirstOrDefault(p => p.OfInitiator == ofInitiator);

    public TrafficSelectorPayload? Selectors(bool ofInitiator) =>
        payloads.OfType<TrafficSelectorPayload>().FirstOrDefault(p => p.OfInitiator == ofInitiator);

    public IEnumerable<CertificatePayload> Certificates(CertificateEncoding encoding) => payloads.OfType<CertificatePayload>().Where(c => c.Encoding == encoding);

    public bool Has(NotifyType type) => Notify(type) is not null;

    public NotifyPayload? Notify(NotifyType type) => payloads.OfType<NotifyPayload>().FirstOrDefault(n => n.Notify == type);

    public IEnumerable<NotifyPayload> Notifies(NotifyType type) => payloads.OfType<NotifyPayload>().Where(n => n.Notify == type);

    // Two of what must be one is as bad as none.
    private T? Only<T>()
        where T : IkePayload => payloads.OfType<T>().Take(2).ToList() is [var only] ? only : null;
}
