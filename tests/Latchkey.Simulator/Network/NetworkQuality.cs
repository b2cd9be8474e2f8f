namespace Latchkey.Simulator;

/// <summary>How a network treats datagrams. Jitter reorders.</summary>
/// <param name="Loss">Probability per datagram; likewise the others.</param>
public sealed record NetworkQuality(TimeSpan Delay, TimeSpan Jitter, double Loss, double Duplication, double Corruption)
{
    public static NetworkQuality Perfect { get; } = new(TimeSpan.FromMilliseconds(1), TimeSpan.Zero, 0, 0, 0);

    public static NetworkQuality Rough { get; } = new(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(15), 0.1, 0.05, 0.02);

    public static NetworkQuality Awful { get; } = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(120), 0.3, 0.15, 0.05);
}
