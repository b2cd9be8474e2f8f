using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;
using Microsoft.Data.Sqlite;

namespace Latchkey.Daemon.State;

/// <summary>Pins, and the history of which key was seen at which address, in the state database.</summary>
/// <param name="now">The wall clock, UTC.</param>
public sealed class PinStore(StateDatabase database, Func<DateTime> now)
{
    /// <summary>
    /// First-use pins at most. Beyond it newcomers are refused, so that whoever owns a large prefix cannot fill memory and disk.
    /// </summary>
    public const int FirstUseMaximum = 65536;

    /// <summary>Keys remembered for one address; the ones seen longest ago go first.</summary>
    private const int KeysPerAddress = 8;

    internal const string Tables = """
        CREATE TABLE keys (
            fingerprint BLOB NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 32),
            public_key  BLOB -- DER SubjectPublicKeyInfo; null until it was seen
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE pins (
            address TEXT NOT NULL PRIMARY KEY,
            key     BLOB NOT NULL REFERENCES keys (fingerprint),
            origin  TEXT NOT NULL CHECK (origin IN ('first-use', 'pinned'))
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE sightings (
            address    TEXT NOT NULL,
            key        BLOB NOT NULL REFERENCES keys (fingerprint),
            first_seen INTEGER NOT NULL, -- seconds since 1970, UTC
            last_seen  INTEGER NOT NULL,
            count      INTEGER NOT NULL, -- of IKE SAs
            PRIMARY KEY (address, key)
        ) STRICT, WITHOUT ROWID
        """;

    private const string FirstUse = "first-use";
    private const string Pinned = "pinned";

    /// <summary>Every pin and every remembered sighting.</summary>
    public PinSet Load()
    {
        var pins = database.Read(command => command.List("SELECT address, key FROM sightings", row => (row.GetAddress(0), Key(row))))
            .Aggregate(PinSet.Empty, (set, seen) => set.Remembering(seen.Item2, seen.Item1));
        return List().Aggregate(pins, (set, pin) => set.With(pin.Pin));
    }

    /// <summary>Every pin, with what is known of its key's sightings at its address.</summary>
    public IReadOnlyList<PinRecord> List() => database.Read(command => command.List(
        "SELECT p.address, p.key, p.origin, s.first_seen, s.last_seen, s.count FROM pins p LEFT JOIN sightings s ON s.address = p.address AND s.key = p.key ORDER BY p.address",
        row => new PinRecord(
            new Pin(row.GetAddress(0), Key(row), row.GetString(2) == Pinned ? PinOrigin.Person : PinOrigin.FirstUse),
            row.IsDBNull(3) ? null : DateTime.UnixEpoch.AddSeconds(row.GetInt64(3)),
            row.IsDBNull(4) ? null : DateTime.UnixEpoch.AddSeconds(row.GetInt64(4)),
            row.IsDBNull(5) ? 0 : row.GetInt64(5))));

    /// <summary>Records what the engine decided: a first use, or a key that its predecessor vouches for.</summary>
    /// <param name="inPlaceOf">The key that must be pinned there now; null: none may be.</param>
    /// <exception cref="StateException">It is not recorded, and may not be acted on.</exception>
    public void Record(Pin pin, PeerKey key, KeyFingerprint? inPlaceOf)
    {
        ArgumentNullException.ThrowIfNull(pin);
        database.Change(command =>
        {
            var there = (byte[]?)command.Ask("SELECT key FROM pins WHERE address = $address", ("$address", pin.Address.ToString()));
            if (there is null ? inPlaceOf is not null : !there.AsSpan().SequenceEqual((inPlaceOf ?? pin.Key).ToBytes()))
            {
                throw new StateException($"{pin.Address} was pinned otherwise meanwhile");
            }

            if (there is null && (long)command.Ask("SELECT count(*) FROM pins WHERE origin = 'first-use'")! >= FirstUseMaximum)
            {
                throw new StateException($"{FirstUseMaximum} addresses are pinned by first use, and more are not kept: 'latchkey forget' those that are gone");
            }

            Put(command, pin, key);
            See(command, pin.Address, key, times: 0);
            return true;
        });
    }

    /// <summary>What a person decided, in place of whatever was pinned.</summary>
    /// <param name="key">The whole key, when it is in use there; null: it was never seen.</param>
    public void Set(Pin pin, PeerKey? key)
    {
        ArgumentNullException.ThrowIfNull(pin);
        database.Change(command =>
        {
            Put(command, pin, key);
            if (key is not null)
            {
                See(command, pin.Address, key, times: 0);
            }

            return true;
        });
    }

    /// <summary>Removes a pin; what was seen is remembered.</summary>
    public void Unpin(InetAddress address) => database.Change(command => command.Run("DELETE FROM pins WHERE address = $address", ("$address", address.ToString())));

    /// <summary>Removes all memory of an address.</summary>
    public void Forget(InetAddress address) => database.Change(command =>
    {
        command.Run("DELETE FROM pins WHERE address = $address", ("$address", address.ToString()));
        command.Run("DELETE FROM sightings WHERE address = $address", ("$address", address.ToString()));
        DropUnusedKeys(command);
        return true;
    });

    /// <summary>A pinned key made an IKE SA from its address.</summary>
    public void Seen(InetAddress address, PeerKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        database.Change(command =>
        {
            See(command, address, key, times: 1);
            return true;
        });
    }

    private static void Put(SqliteCommand command, Pin pin, PeerKey? key)
    {
        Know(command, pin.Key, key);
        command.Run(
            "INSERT INTO pins (address, key, origin) VALUES ($address, $key, $origin) ON CONFLICT DO UPDATE SET key = excluded.key, origin = excluded.origin",
            ("$address", pin.Address.ToString()),
            ("$key", pin.Key.ToBytes()),
            ("$origin", pin.Origin == PinOrigin.Person ? Pinned : FirstUse));
    }

    private static void Know(SqliteCommand command, KeyFingerprint fingerprint, PeerKey? key) => command.Run(
        "INSERT INTO keys (fingerprint, public_key) VALUES ($key, $spki) ON CONFLICT DO UPDATE SET public_key = coalesce(public_key, excluded.public_key)",
        ("$key", fingerprint.ToBytes()),
        ("$spki", key?.SubjectPublicKeyInfo.ToArray()));

    private void See(SqliteCommand command, InetAddress address, PeerKey key, int times)
    {
        var at = (long)(now() - DateTime.UnixEpoch).TotalSeconds;
        Know(command, key.Fingerprint, key);
        command.Run(
            """
            INSERT INTO sightings (address, key, first_seen, last_seen, count) VALUES ($address, $key, $at, $at, $times)
            ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen, count = count + excluded.count
            """,
            ("$address", address.ToString()),
            ("$key", key.Fingerprint.ToBytes()),
            ("$at", at),
            ("$times", times));
        if (command.Run(
            "DELETE FROM sightings WHERE address = $address AND key NOT IN (SELECT key FROM sightings WHERE address = $address ORDER BY last_seen DESC LIMIT $most)",
            ("$address", address.ToString()),
            ("$most", KeysPerAddress)) > 0)
        {
            DropUnusedKeys(command);
        }
    }

    private static void DropUnusedKeys(SqliteCommand command) =>
        command.Run("DELETE FROM keys WHERE fingerprint NOT IN (SELECT key FROM pins UNION SELECT key FROM sightings)");

    private static KeyFingerprint Key(SqliteDataReader row) => new(row.GetFieldValue<byte[]>(1));
}

/// <summary>A pin as the store knows it; times are UTC, and null when the key was never seen there.</summary>
/// <param name="Count">IKE SAs its key made from there.</param>
public sealed record PinRecord(Pin Pin, DateTime? FirstSeen, DateTime? LastSeen, long Count);
