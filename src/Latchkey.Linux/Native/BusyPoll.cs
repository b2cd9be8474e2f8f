using Latchkey.Contract;

namespace Latchkey.Linux.Native;

/// <summary>
/// Lets a thread that found no packet look again for a moment before it sleeps. To be woken takes tens of microseconds, on a
/// virtual machine more, and that is more than all else that is done to a single packet; a round trip has four such
/// threads on its way.
/// </summary>
/// <remarks>
/// It never costs more than <see cref="Share"/> of a processor: a moment in which nothing came is charged to a credit that
/// fills with time, and one in which something came is not. Other threads run between two looks.
/// One thread uses it.
/// </remarks>
/// <param name="look">Takes what is there without waiting, and tells how many packets.</param>
internal sealed class BusyPoll(Func<PacketBatch, int> look, TimeProvider clock)
{
    /// <summary>
    /// How long it looks: longer than a round trip between two hosts of one network whose threads are awake, and than the set-up of a
    /// connection. Near either, one look in vain makes the next packet later, and so one look after the other fails.
    /// </summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMicroseconds(200);

    /// <summary>What may be wasted at once, after a pause: enough to find out that a conversation goes on.</summary>
    public static readonly TimeSpan MostCredit = TimeSpan.FromMilliseconds(10);

    /// <summary>The part of time that may be wasted.</summary>
    public const double Share = 0.05;

    private TimeSpan _credit = MostCredit;
    private long _filled = clock.GetTimestamp();

    /// <returns>Packets found; 0 when it is time to sleep.</returns>
    public int LookAgain(PacketBatch batch)
    {
        var began = clock.GetTimestamp();
        _credit += clock.GetElapsedTime(_filled, began) * Share;
        _credit = _credit < MostCredit ? _credit : MostCredit;
        _filled = began;
        if (_credit < Moment)
        {
            return 0;
        }

        do
        {
            Thread.Yield();
            if (look(batch) is > 0 and var found)
            {
                return found;
            }
        }
        while (clock.GetElapsedTime(began) < Moment);

        // What passed beyond the moment, others had.
        _credit -= Moment;
        return 0;
    }
}
