using System.Diagnostics;
using Latchkey.Lab;

namespace Latchkey.Bench.Peers;

/// <summary>One way to carry traffic from A to B, with its own defaults.</summary>
internal abstract class Peer
{
    public static IReadOnlyList<Peer> All { get; } = [new RawPeer(), new WireguardGoPeer(), new LibipsecPeer(), new BarePeer(), new LatchkeyPeer()];

    public abstract string Name { get; }

    /// <exception cref="LabException">It does not come up.</exception>
    public abstract Task<Tunnel> Up(Ends ends);

    /// <summary>Ends what the hosts do not end with themselves; also called when <see cref="Up"/> failed.</summary>
    public virtual Task Down(Ends ends) => Task.CompletedTask;

    /// <summary>Octets its daemons have allocated since they began, together; null when it does not say.</summary>
    public virtual Task<long?> Allocated(Ends ends) => Task.FromResult<long?>(null);

    /// <summary>Polls until something is so.</summary>
    /// <exception cref="LabException">It is not so in time.</exception>
    public static async Task Until(Func<Task<bool>> so, string otherwise)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await so())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(15))
            {
                throw new LabException(otherwise);
            }

            await Task.Delay(50);
        }
    }
}
