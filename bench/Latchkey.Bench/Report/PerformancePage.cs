using System.Text;
using Latchkey.Bench.Datapath;
using Latchkey.Bench.Handshakes;

namespace Latchkey.Bench.Report;

/// <summary>docs/performance.md, and the plot beside it.</summary>
internal sealed class PerformancePage(Machine machine, Plan plan)
{
    private const string Plot = "performance.svg";

    /// <summary>Null when it was not measured.</summary>
    public Results? Results { get; set; }

    /// <inheritdoc cref="Results"/>
    public Table? Stages { get; set; }

    /// <inheritdoc cref="Results"/>
    public Table? Ciphers { get; set; }

    /// <inheritdoc cref="Results"/>
    public (Table Table, IReadOnlyList<Bar> Bars)? Growth { get; set; }

    /// <inheritdoc cref="Results"/>
    public Table? Memory { get; set; }

    /// <inheritdoc cref="Results"/>
    public Table? DaemonMemory { get; set; }

    public void Write(DirectoryInfo folder)
    {
        folder.Create();
        // What another program wrote behind it stays.
        var page = new PageSection(folder, HandshakeCommand.Heading);
        File.WriteAllText(page.File, ToMarkdown() + page.Read());
        File.WriteAllText(Path.Combine(folder.FullName, Plot), BarChart.Draw(Panels()));
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Add($"""
            # Performance

            Written by `bench/run`, which measures everything in one run. Compare only figures of one run with each other.

            Machine: {machine}.

            {plan.Rounds} {(plan.Rounds == 1 ? "round" : "rounds")} of transfers of {plan.Seconds} s; medians, with the smallest and the largest in parentheses.

            ![plot]({Plot})
            """);
        if (Results is not null)
        {
            Add($"""
                ## Against other tunnels

                Two namespaces, a veth pair between them, a daemon in each, every peer with its own defaults and its own MTU. Latchkey has one
                `[[protect]]` entry (`bench/latchkey-peer`); its connections are latched, AES-256-GCM. wireguard-go and strongSwan's kernel-libipsec are Debian's.
                wireguard-go of Debian 12 is from before it had segmentation offload, so it is not the fastest there is.

                `bare` protects nothing and is for nobody's use. It makes the system calls of Latchkey's datapath and encrypts by the same library, both through
                the same classes, and does nothing else (`BareTunnel`): what it carries is what those two leave of the bare link on this machine.

                {Results.ToTable()}

                {Results.Ratios("latchkey", Figure.Tcp1, Figure.Tcp8, Figure.Tcp128, Figure.TcpBoth, Figure.CpuPerGib, Figure.IdleP50, Figure.ConnectP50)}

                TCP is iperf3's. Datagrams are sent as fast as the kernel takes them, and those that arrive are counted. A round trip is one octet there and
                back over TCP. The first connection of wireguard-go and Latchkey includes the key exchange; strongSwan made its SA beforehand.
                CPU is that of the daemons, without iperf3 and the kernel's work outside of them.
                """);
            string[] missing = [.. Results.Limits.Concat(Results.Failures).Distinct()];
            if (missing.Length > 0)
            {
                Add("Not measured:\n\n" + string.Join('\n', missing.Select(f => $"- {f}")));
            }
        }

        if (Stages is not null)
        {
            Add($"""
                ## The datapath by itself

                Test doubles in place of sockets and devices: what is left is computing, on one core.

                {Stages}
                """);
        }

        if (Ciphers is not null)
        {
            Add($"""
                ## Ciphers

                {Ciphers}
                """);
        }

        if (Growth is { } growth)
        {
            Add($"""
                ## Growth

                All flows in an order without locality: what a device gives next is of another flow than what it gave before. A TCP that sends in bulk gives
                {DatapathFigures.SuperSegment} packets at a time; one packet at a time is the worst case. Sockets are not the point here, so test doubles stand in
                their place; both hosts share one core and its caches. `Latchkey.Bench datapath` measures this table by itself.

                {growth.Table}
                """);
        }

        if (Memory is not null)
        {
            Add($"""
                ## Memory

                {Memory}
                """);
        }

        if (DaemonMemory is not null)
        {
            Add($"""
                ## Memory of the daemon

                Real handshakes, connections and sockets. A peer is an address with IKE and Child SAs of its own. The rest of a daemon is preallocated:
                batches of packets, and stacks of threads.

                {DaemonMemory}
                """);
        }

        return text.ToString();

        void Add(string section) => text.Append(section).Append("\n\n");
    }

    private List<Panel> Panels()
    {
        List<Panel> panels = [];
        if (Results is not null)
        {
            panels.AddRange(new[] { Figure.Tcp1, Figure.Tcp8, Figure.Tcp128, Figure.Udp(1400, gso: true), Figure.IdleP50, Figure.LoadedP50 }.Select(Results.ToPanel).Where(p => p.Bars.Count > 0));
        }

        if (Growth is { } growth)
        {
            panels.Add(new Panel("The datapath as flows and peers grow", "1,000 packets/s", growth.Bars));
        }

        return panels;
    }
}
