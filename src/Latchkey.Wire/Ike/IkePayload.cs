namespace Latchkey.Wire.Ike;

/// <summary>One payload of an IKE message, without its generic header (RFC 7296 §3.2).</summary>
public abstract record IkePayload
{
    /// <summary>The critical bit: a receiver that does not know the type must refuse the message (RFC 7296 §2.5).</summary>
    public bool Critical { get; init; }

    public abstract PayloadType Type { get; }

    public abstract void WriteBody(IkeWriter writer);
}

/// <summary>A payload whose type means nothing here; skipped unless it is critical.</summary>
public sealed record UnknownPayload(PayloadType UnknownType, byte[] Body) : IkePayload
{
    public override PayloadType Type => UnknownType;

    public override void WriteBody(IkeWriter writer) => writer.Octets(Body);
}
