using Microsoft.Data.Sqlite;

namespace Latchkey.Daemon.State;

/// <summary>Something could not be recorded or read; the message says what, in plain words.</summary>
public sealed class StateException : Exception
{
    public StateException(string problem)
        : base(problem)
    {
    }

    internal StateException(string file, SqliteException e)
        : base($"{file} {Reason(e)}", e)
    {
    }

    /// <summary>Result codes of sqlite.org/rescode.html.</summary>
    private static string Reason(SqliteException e) => e.SqliteErrorCode switch
    {
        5 or 6 => "is held by another program",
        8 => "cannot be written: it, or its file system, is read-only",
        10 => "cannot be read or written: its disk fails",
        11 or 26 => "is corrupt",
        13 => "is full, or its file system is",
        14 => "cannot be opened",
        _ => $"cannot be used: {e.Message}",
    };
}
