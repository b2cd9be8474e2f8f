using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Engine.Tests;

/// <summary>Which room may know which, and what the deterministic rooms must not touch.</summary>
public class ArchitectureTests
{
    private static readonly Assembly Wire = typeof(FlowKey).Assembly;
    private static readonly Assembly Crypto = typeof(PeerKey).Assembly;
    private static readonly Assembly Contract = typeof(IDatapath).Assembly;
    private static readonly Assembly Ike = typeof(IkeHost).Assembly;
    private static readonly Assembly Latching = typeof(LatchDatabase).Assembly;
    private static readonly Assembly Engine = typeof(LatchEngine).Assembly;

    public static TheoryData<string, string[]> Rooms => new()
    {
        { "Wire", [] },
        { "Crypto", [] },
        { "Contract", ["Wire", "Crypto"] },
        { "Ike", ["Wire", "Crypto"] },
        { "Latching", ["Wire", "Crypto"] },
        { "Engine", ["Wire", "Crypto", "Contract", "Ike", "Latching"] },
    };

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_the_rooms_below_it(string room, string[] below)
    {
        var known = Find(room).GetReferencedAssemblies().Select(r => r.Name!).Where(n => n.StartsWith("Latchkey.", StringComparison.Ordinal)).Select(n => n["Latchkey.".Length..]);
        Assert.Empty(known.Except(below));
    }

    public static TheoryData<string> DeterministicRooms => ["Wire", "Ike", "Latching", "Engine"];

    [Theory]
    [MemberData(nameof(DeterministicRooms))]
    public void A_deterministic_room_has_no_clock_socket_thread_file_or_dice(string room)
    {
        string[] forbidden =
        [
            "System.DateTime", "System.DateTimeOffset", "System.TimeProvider", "System.Random", "System.Environment", "System.Guid", "System.Console",
            "System.Diagnostics.Stopwatch", "System.Threading.Thread", "System.Threading.Timer", "System.Threading.Monitor", "System.Threading.Tasks.Task",
            "System.Net.Sockets.Socket", "System.IO.File", "System.IO.FileStream", "System.Security.Cryptography.RandomNumberGenerator",
        ];
        using var file = new PEReader(File.OpenRead(Find(room).Location));
        var metadata = file.GetMetadataReader();
        var used = metadata.TypeReferences.Select(metadata.GetTypeReference).Select(t => $"{metadata.GetString(t.Namespace)}.{metadata.GetString(t.Name)}");
        Assert.Empty(used.Intersect(forbidden));
    }

    private static Assembly Find(string room) => new[] { Wire, Crypto, Contract, Ike, Latching, Engine }.Single(a => a.GetName().Name == $"Latchkey.{room}");
}
