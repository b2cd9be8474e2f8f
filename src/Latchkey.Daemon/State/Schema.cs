namespace Latchkey.Daemon.State;

/// <summary>
/// The tables of the state database, as the steps that made them. A step that was ever released is never changed; whoever
/// needs more appends one.
/// </summary>
internal static class Schema
{
    /// <summary>"LKst": tells our file from any other SQLite database (PRAGMA application_id).</summary>
    public const int ApplicationId = 0x4c4b7374;

    /// <summary>Step n brings a database of version n - 1 to version n (PRAGMA user_version).</summary>
    public static IReadOnlyList<string> Steps { get; } = [PinStore.Tables, IpsecHostStore.Tables];
}
