namespace Latchkey.Crypto;

/// <summary>A cipher that hides and proves nothing: only ever used with an <see cref="HmacIcv"/> around it.</summary>
internal abstract class UnauthenticatedCipher : IDisposable
{
    /// <inheritdoc cref="AeadKey.WriteIv"/>
    public abstract void WriteIv(ulong number, Span<byte> iv);

    /// <summary>In place.</summary>
    public abstract void Encrypt(ReadOnlySpan<byte> iv, Span<byte> text);

    /// <summary>In place.</summary>
    public abstract void Decrypt(ReadOnlySpan<byte> iv, Span<byte> text);

    public abstract void Dispose();
}
