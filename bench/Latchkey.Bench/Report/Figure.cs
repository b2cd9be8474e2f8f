namespace Latchkey.Bench.Report;

/// <summary>One thing that is measured of every peer.</summary>
/// <param name="Format">Of a number, as .NET writes it.</param>
internal sealed record Figure(string Name, string Unit, string Format = "0.00")
{
    public static readonly IReadOnlyList<int> DatagramSizes = [64, 512, 1400];

    public static readonly Figure Tcp1 = new("TCP, 1 stream", "Gbit/s");
    public static readonly Figure Tcp8 = new("TCP, 8 streams", "Gbit/s");
    public static readonly Figure Tcp128 = new("TCP, 128 streams", "Gbit/s");
    public static readonly Figure TcpBoth = new("TCP, both directions at once, together", "Gbit/s");
    public static readonly Figure CpuPerGib = new("CPU of the daemons for a GiB, 1 stream", "s");
    public static readonly Figure Allocated = new("allocated by the daemons for 1,400 octets moved", "octets", "0.0");
    public static readonly Figure IdleP50 = new("round trip, idle, p50", "µs", "0");
    public static readonly Figure IdleP99 = new("round trip, idle, p99", "µs", "0");
    public static readonly Figure LoadedP50 = new("round trip beside a TCP stream, p50", "µs", "0");
    public static readonly Figure LoadedP99 = new("round trip beside a TCP stream, p99", "µs", "0");
    public static readonly Figure ConnectP50 = new("connection set up, warm, p50", "µs", "0");
    public static readonly Figure ConnectP99 = new("connection set up, warm, p99", "µs", "0");
    public static readonly Figure FirstConnect = new("the first connection between the hosts", "ms", "0.0");
    public static readonly Figure Resident = new("resident memory of one daemon, idle", "MiB", "0");

    /// <summary>In the order in which they are read, which is not the one in which they are measured.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        Tcp1, Tcp8, Tcp128, TcpBoth,
        .. from size in DatagramSizes from gso in new[] { false, true } select Udp(size, gso),
        IdleP50, IdleP99, LoadedP50, LoadedP99, ConnectP50, ConnectP99, FirstConnect, CpuPerGib, Allocated, Resident,
    ];

    public static Figure Udp(int size, bool gso) => new($"UDP, {size:n0} octets{(gso ? ", UDP_SEGMENT" : "")}, received", "1,000/s", "0");
}
