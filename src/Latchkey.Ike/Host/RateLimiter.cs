using Latchkey.Wire;

namespace Latchkey.Ike;

/// <summary>At most one answer per interval and address, in fixed memory: addresses share slots.</summary>
internal sealed class RateLimiter(TimeSpan interval)
{
    private const int Slots = 256;

    private readonly TimeSpan?[] _lastAnswer = new TimeSpan?[Slots];

    public bool TryTake(TimeSpan now, InetAddress address)
    {
        ref var last = ref _lastAnswer[(uint)address.GetHashCode() % Slots];
        if (last is { } before && now - before < interval)
        {
            return false;
        }

        last = now;
        return true;
    }
}
