using Latchkey.Daemon.Identity;
using Microsoft.Data.Sqlite;

namespace Latchkey.Daemon.State;

/// <summary>
/// The SQLite file in the state directory that holds what was learnt about peers. A committed change survives a power cut;
/// a failed one changes nothing.
/// </summary>
/// <remarks>Safe to use from any thread; one statement at a time.</remarks>
public sealed class StateDatabase : IDisposable
{
    public const string FileName = "pins.db";

    /// <summary>In pages of 4 KiB: 256 MiB, far more than the most pins need; a bound so that nothing can fill the disk.</summary>
    private const int DefaultPageMaximum = 65536;

    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private readonly string _file;

    private StateDatabase(SqliteConnection connection, string file)
    {
        _connection = connection;
        _file = file;
    }

    /// <exception cref="StartupException">
    /// The file is unreadable, corrupt, open to others or not ours. Nobody may then guess which keys were pinned.
    /// </exception>
    public static StateDatabase Open(string stateDirectory, int pageMaximum = DefaultPageMaximum)
    {
        PrivateDirectory.Ensure(stateDirectory);
        var file = Path.Combine(stateDirectory, FileName);
        SqliteConnection? connection = null;
        try
        {
            // SQLite would make it as the umask says; its journal takes over the mode of the file.
            using (new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Read, Share = FileShare.ReadWrite, UnixCreateMode = OwnersFile.OwnerOnly }))
            {
                RefuseOthers(file);
            }

            connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 2 }.ToString());
            connection.Open();
            var database = new StateDatabase(connection, file);
            database.Prepare(pageMaximum);
            return database;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or StartupException)
        {
            connection?.Dispose();
            throw e as StartupException ?? Unusable(file, e is SqliteException sql ? new StateException(file, sql).Message : $"cannot open {file}: {e.Message}");
        }
    }

    /// <summary>Carries out a change whole or not at all; when this returns it survives a power cut.</summary>
    /// <exception cref="StateException">It could not be recorded.</exception>
    public T Change<T>(Func<SqliteCommand, T> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Guard(() =>
        {
            using var transaction = _connection.BeginTransaction(deferred: false);
            using var command = _connection.CreateCommand();
            command.Transaction = transaction;
            var result = change(command);
            transaction.Commit();
            return result;
        });
    }

    /// <exception cref="StateException">It could not be read.</exception>
    public T Read<T>(Func<SqliteCommand, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return Guard(() =>
        {
            using var command = _connection.CreateCommand();
            return read(command);
        });
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _connection.Dispose();
        }
    }

    private static void RefuseOthers(string file)
    {
        var mode = File.GetUnixFileMode(file);
        if ((mode & ~OwnersFile.OwnerOnly) != 0)
        {
            throw new StartupException(
                $"{file} is open to others (mode {Convert.ToString((int)mode, 8)})", $"run: chmod 600 {file}; if others may have written it, compare every pin ('latchkey peers') by telephone");
        }
    }

    private static StartupException Unusable(string file, string problem) => new(
        problem, $"restore {file} from a copy, or move it away: then nobody is pinned, and the first key that comes is trusted again");

    private void Prepare(int pageMaximum)
    {
        // A rollback journal, not a write-ahead log: the file can be read where it cannot be written, and writes are few.
        // EXTRA also syncs the directory after a commit, so that a pin that was acted on is there after a power cut.
        Run($"PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA max_page_count = {pageMaximum}");
        if (Scalar("PRAGMA quick_check(1)") is not "ok")
        {
            throw Unusable(_file, $"{_file} is corrupt");
        }

        var id = (long)Scalar("PRAGMA application_id")!;
        var version = (long)Scalar("PRAGMA user_version")!;
        if (id != Schema.ApplicationId && (id != 0 || version != 0))
        {
            throw Unusable(_file, $"{_file} is a database of another program");
        }

        if (version > Schema.Steps.Count)
        {
            throw new StartupException($"{_file} was written by a newer version of Latchkey", "run that version, or move the file away");
        }

        for (var step = (int)version; step < Schema.Steps.Count; step++)
        {
            Run($"BEGIN IMMEDIATE; {Schema.Steps[step]}; PRAGMA application_id = {Schema.ApplicationId}; PRAGMA user_version = {step + 1}; COMMIT");
        }
    }

    private T Guard<T>(Func<T> use)
    {
        lock (_lock)
        {
            try
            {
                return use();
            }
            catch (SqliteException e)
            {
                throw new StateException(_file, e);
            }
        }
    }

    /// <summary>Only for statements made of constants.</summary>
    private void Run(string constant)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = constant;
        command.ExecuteNonQuery();
    }

    private object? Scalar(string constant)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = constant;
        return command.ExecuteScalar();
    }
}
