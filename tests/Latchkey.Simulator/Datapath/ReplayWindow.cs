namespace Latchkey.Simulator;

/// <summary>The last 64 sequence numbers of an inbound SA (RFC 4303 §3.4.3).</summary>
internal sealed class ReplayWindow
{
    private ulong _highest;
    private ulong _seen;

    /// <summary>False for a number seen before, or too old to tell.</summary>
    public bool Accept(ulong sequence)
    {
        if (sequence > _highest)
        {
            var shift = sequence - _highest;
            _seen = shift >= 64 ? 1 : (_seen << (int)shift) | 1;
            _highest = sequence;
            return true;
        }

        var age = _highest - sequence;
        if (age >= 64 || (_seen & (1UL << (int)age)) != 0)
        {
            return false;
        }

        _seen |= 1UL << (int)age;
        return true;
    }
}
