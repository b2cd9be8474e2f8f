using Latchkey.Wire;

namespace Latchkey.Daemon.State;

/// <summary>Hosts that have spoken IPsec and are never reached in clear again, in the state database.</summary>
/// <param name="now">The wall clock, UTC.</param>
public sealed class IpsecHostStore(StateDatabase database, Func<DateTime> now)
{
    internal const string Tables = """
        CREATE TABLE ipsec_hosts (
            address TEXT NOT NULL PRIMARY KEY,
            since   INTEGER NOT NULL -- seconds since 1970, UTC
        ) STRICT, WITHOUT ROWID
        """;

    /// <summary>Every host, and when it first spoke IPsec (UTC).</summary>
    /// <exception cref="StateException">It could not be read.</exception>
    public IReadOnlyList<(InetAddress Host, DateTime Since)> Load() => database.Read(command => command.List(
        "SELECT address, since FROM ipsec_hosts",
        row => (
            row.GetAddress(0),
            DateTime.UnixEpoch.AddSeconds(row.GetInt64(1)))));

    /// <summary>Records a host; the first time stays.</summary>
    /// <exception cref="StateException">It is not recorded.</exception>
    public void Record(InetAddress host) => database.Change(command => command.Run(
        "INSERT INTO ipsec_hosts (address, since) VALUES ($address, $since) ON CONFLICT DO NOTHING",
        ("$address", host.ToString()),
        ("$since", (long)(now() - DateTime.UnixEpoch).TotalSeconds)));

    /// <exception cref="StateException">It is not forgotten.</exception>
    public void Forget(InetAddress host) => database.Change(command => command.Run("DELETE FROM ipsec_hosts WHERE address = $address", ("$address", host.ToString())));
}
