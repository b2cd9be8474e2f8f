namespace Latchkey.Crypto;

/// <summary>A pseudo-random function of transform type 2 (RFC 7296 §2.13).</summary>
public abstract class PrfAlgorithm
{
    /// <summary>IANA transform id, for example 5 for PRF_HMAC_SHA2_256.</summary>
    public abstract ushort TransformId { get; }

    public abstract string Name { get; }

    /// <summary>The name that configurations have for it, for example <c>prfsha256</c>.</summary>
    public abstract string Keyword { get; }

    /// <summary>Octets of output, which is also the preferred key length.</summary>
    public abstract int OutputLength { get; }

    /// <summary>prf(key, data); <paramref name="output"/> has <see cref="OutputLength"/> octets.</summary>
    /// <exception cref="ArgumentException">The output's length is wrong.</exception>
    public abstract void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output);

    public override string ToString() => Name;
}
