using System.Collections.Immutable;

namespace Latchkey.Latching;

/// <summary>Says in sentences what is different between two policies. Entries and peers are the same when their names are.</summary>
public static class PolicyDifference
{
    public static ImmutableArray<string> Between(SecurityPolicy before, SecurityPolicy after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return
        [
            .. Compare("[[protect]]", before.Protect, after.Protect, entry => entry.Name, Same),
            .. Compare("[[peer]]", before.Peers, after.Peers, peer => peer.Name, Same),
        ];
    }

    private static IEnumerable<string> Compare<T>(string section, IEnumerable<T> before, IEnumerable<T> after, Func<T, string> name, Func<T, T, bool> same)
    {
        var old = before.ToDictionary(name);
        var now = after.ToDictionary(name);
        return
        [
            .. old.Keys.Where(n => !now.ContainsKey(n)).Select(n => $"{section} \"{n}\" is gone"),
            .. now.Keys.Where(n => !old.ContainsKey(n)).Select(n => $"{section} \"{n}\" is new"),
            .. now.Keys.Where(n => old.TryGetValue(n, out var was) && !same(was, now[n])).Select(n => $"{section} \"{n}\" is different"),
        ];
    }

    // An array is equal to itself only: two with the same members are compared one by one.
    private static bool Same(ProtectEntry a, ProtectEntry b) =>
        a.Ports.SequenceEqual(b.Ports) && a.Encryption.SequenceEqual(b.Encryption) && a.OtherLocal.SequenceEqual(b.OtherLocal) && a.OtherRemote.SequenceEqual(b.OtherRemote)
        && a with { Ports = b.Ports, Encryption = b.Encryption, OtherLocal = b.OtherLocal, OtherRemote = b.OtherRemote } == b;

    private static bool Same(KnownPeer a, KnownPeer b) => a.Addresses.SequenceEqual(b.Addresses) && a with { Addresses = b.Addresses } == b;
}
