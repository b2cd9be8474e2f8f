using System.Buffers.Binary;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// What is decided about an IKE_SA_INIT request before the host looks at it: while many come, or many are half-open, only who
/// proves with a cookie that it receives at its address gets in (RFC 7296 §2.6). Nothing is kept of a datagram, nothing is
/// allocated for it, and one digest is computed.
/// </summary>
/// <remarks>Of all that belongs to an <see cref="IkeHost"/> this alone may be asked by any thread, and while the host works.</remarks>
public sealed class InitGate
{
    /// <summary>Octets of the answer that asks for a cookie.</summary>
    public const int AnswerLength = IkeHeader.Size + PayloadChain.GenericHeader + NotifyPayload.FixedLength + CookieJar.CookieLength;

    private readonly IkeSettings _settings;
    private volatile int _halfOpen;
    private long _second;
    private int _begun;

    internal InitGate(IkeSettings settings, CookieJar cookies) => (_settings, Cookies) = (settings, cookies);

    /// <summary>The host's cookies: its own are as good here as ours there.</summary>
    internal CookieJar Cookies { get; }

    /// <summary>Every drop of the host, here or behind.</summary>
    internal DropCounts Drops { get; } = new();

    /// <summary>Responder SAs that are not established yet.</summary>
    internal int HalfOpen
    {
        get => _halfOpen;
        set => _halfOpen = value;
    }

    /// <param name="message">A datagram from port 500, or from port 4500 without its non-ESP marker.</param>
    /// <param name="answer">Where an answer is written; <see cref="AnswerLength"/> octets.</param>
    public GateVerdict Judge(TimeSpan now, InetAddress initiator, ReadOnlySpan<byte> message, Span<byte> answer)
    {
        if (!IkeHeader.TryRead(message, out var header) || header is not { MajorVersion: 2, Exchange: ExchangeType.IkeSaInit, IsResponse: false } || !WantsCookies(now))
        {
            return GateVerdict.Pass;
        }

        if (header.SpiI == 0 || header.SpiR != 0 || !TryFind(header, message, out var nonce, out var cookie))
        {
            Drops.Count(IkeDropReason.Malformed);
            return GateVerdict.Drop;
        }

        if (Cookies.IsGood(now, initiator, header.SpiI, nonce, cookie))
        {
            return GateVerdict.Pass;
        }

        Drops.Count(cookie.IsEmpty ? IkeDropReason.CookieAsked : IkeDropReason.BadCookie);
        Ask(now, initiator, header.SpiI, nonce, answer);
        return GateVerdict.Answer;
    }

    /// <summary>Threads that meet here at the turn of a second may count a few too many or too few.</summary>
    private bool WantsCookies(TimeSpan now)
    {
        var second = now.Ticks / TimeSpan.TicksPerSecond;
        if (Interlocked.Exchange(ref _second, second) != second)
        {
            Interlocked.Exchange(ref _begun, 0);
        }

        return Interlocked.Increment(ref _begun) > _settings.CookieRate || _halfOpen >= _settings.CookieThreshold;
    }

    private void Ask(TimeSpan now, InetAddress initiator, ulong spiI, ReadOnlySpan<byte> nonce, Span<byte> answer)
    {
        BinaryPrimitives.WriteUInt64BigEndian(answer, spiI);
        BinaryPrimitives.WriteUInt64BigEndian(answer[8..], 0);
        answer[16] = (byte)PayloadType.Notify;
        answer[17] = IkeHeader.Version2;
        answer[18] = (byte)ExchangeType.IkeSaInit;
        answer[19] = (byte)IkeFlags.Response;
        BinaryPrimitives.WriteUInt32BigEndian(answer[20..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(answer[24..], AnswerLength);
        var payload = answer[IkeHeader.Size..AnswerLength];
        payload[..2].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], (ushort)payload.Length);
        payload[4..6].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(payload[6..], (ushort)NotifyType.Cookie);
        Cookies.Make(now, initiator, spiI, nonce, payload[8..]);
    }

    /// <summary>Walks the chain of payloads in place. A cookie is the first of them (RFC 7296 §2.6); elsewhere it is none.</summary>
    private static bool TryFind(IkeHeader header, ReadOnlySpan<byte> message, out ReadOnlySpan<byte> nonce, out ReadOnlySpan<byte> cookie)
    {
        nonce = cookie = default;
        if (header.Length != (uint)message.Length)
        {
            return false;
        }

        var rest = message[IkeHeader.Size..];
        var type = header.NextPayload;
        for (var payloads = 0; type != PayloadType.NoNextPayload; payloads++)
        {
            if (payloads == IkeLimits.Payloads || rest.Length < PayloadChain.GenericHeader
                || BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) is var length && (length < PayloadChain.GenericHeader || length > rest.Length))
            {
                return false;
            }

            var body = rest[PayloadChain.GenericHeader..length];
            if (type == PayloadType.Nonce)
            {
                nonce = body;
            }
            else if (payloads == 0 && type == PayloadType.Notify && IsCookie(body))
            {
                cookie = body[NotifyPayload.FixedLength..];
            }

            type = (PayloadType)rest[0];
            rest = rest[length..];
        }

        return rest.IsEmpty && nonce.Length is >= IkeLimits.NonceMinimum and <= IkeLimits.NonceMaximum;
    }

    private static bool IsCookie(ReadOnlySpan<byte> notify) =>
        notify.Length >= NotifyPayload.FixedLength && notify[1] == 0 && BinaryPrimitives.ReadUInt16BigEndian(notify[2..]) == (ushort)NotifyType.Cookie;
}

/// <summary>What is to be done with a datagram.</summary>
public enum GateVerdict
{
    /// <summary>Give it to the host.</summary>
    Pass,

    /// <summary>Nothing; it is counted.</summary>
    Drop,

    /// <summary>Send the answer back to where it came from, and forget it; it is counted.</summary>
    Answer,
}
