namespace Latchkey.Daemon.Journal;

/// <summary>A latch journal is not what it should be.</summary>
/// <param name="what">One clause about it.</param>
internal sealed class JournalException(string what) : Exception(what);
