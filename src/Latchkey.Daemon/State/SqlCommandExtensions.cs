using Latchkey.Wire;
using Microsoft.Data.Sqlite;

namespace Latchkey.Daemon.State;

/// <summary>One statement, its values bound by name; values never become part of the text.</summary>
internal static class SqlCommandExtensions
{
    public static int Run(this SqliteCommand command, string sql, params (string Name, object? Value)[] values)
    {
        command.Bind(sql, values);
        return command.ExecuteNonQuery();
    }

    public static object? Ask(this SqliteCommand command, string sql, params (string Name, object? Value)[] values)
    {
        command.Bind(sql, values);
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    public static List<T> List<T>(this SqliteCommand command, string sql, Func<SqliteDataReader, T> read)
    {
        command.Bind(sql, []);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <exception cref="StateException">The column holds no address: somebody else has written it.</exception>
    public static InetAddress GetAddress(this SqliteDataReader row, int column) => InetAddress.TryParse(row.GetString(column), out var address)
        ? address
        : throw new StateException($"the state database holds '{row.GetString(column)}' where an address should be");

    private static void Bind(this SqliteCommand command, string sql, (string Name, object? Value)[] values)
    {
        command.CommandText = sql;
        command.Parameters.Clear();
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }
    }
}
