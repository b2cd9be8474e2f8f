using Latchkey.Latching;

namespace Latchkey.Engine;

/// <summary>
/// Where latches are written down before they take effect, so that the next daemon can go on with them (RFC 5660 L14).
/// Of several records of a flow the last one counts.
/// </summary>
/// <remarks>
/// It is called, and not an effect among others, because its answer decides: what cannot be written down must not be bound.
/// A record must survive the end of the process when the call returns; it need not survive the end of the kernel, which ends
/// the connections too.
/// </remarks>
public interface ILatchJournal
{
    /// <summary>Why the last call failed, in words for people; null when it did not.</summary>
    string? Failure { get; }

    /// <summary>Adds a record. When that fails the journal is as it was.</summary>
    bool TryAppend(LatchRecord record);

    /// <summary>Puts these records in the place of all there are. When that fails the journal is as it was.</summary>
    bool TryRewrite(IEnumerable<LatchRecord> records);

    /// <summary>Makes the journal useless, which takes no room: whoever reads it knows nothing rather than something wrong.</summary>
    void Empty();
}
