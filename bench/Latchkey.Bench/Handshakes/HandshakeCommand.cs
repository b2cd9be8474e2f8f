using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Latchkey.Bench.Peers;
using Latchkey.Bench.Report;
using Latchkey.Lab;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;

namespace Latchkey.Bench.Handshakes;

/// <summary><c>handshakes</c>: IKE SAs with a Child SA, by daemon and key exchange, in one run.</summary>
internal static class HandshakeCommand
{
    public const string Heading = "## Handshakes";

    private const int AtOnce = 16;
    private const int Warm = 50;

    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "IKE SAs of one measurement", DefaultValueFactory = _ => 1000 };
        var rounds = new Option<int>("--rounds") { Description = "How often each is measured", DefaultValueFactory = _ => 3 };
        var output = new Option<DirectoryInfo>("--output") { Description = "Where performance.md is", Required = true };
        var command = new Command("handshakes", "Compare Latchkey with strongSwan as responder of IKE (needs root)") { count, rounds, output };
        command.SetAction(async (given, cancellation) =>
        {
            using var interruption = Interruption.Watch(cancellation);
            var section = await Run(given.GetValue(count), given.GetValue(rounds), interruption.Token);
            new PageSection(given.GetRequiredValue(output), Heading).Write(section);
            Console.WriteLine(section);
        });
        return command;
    }

    private static async Task<string> Run(int count, int rounds, CancellationToken cancellation)
    {
        var machine = Machine.Here();
        var measured = new Dictionary<(string Method, string Responder), List<(double Seconds, double Cpu)>>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var method in Methods.All)
            {
                foreach (var responder in Responder.All.Where(responder => responder.Knows(method)))
                {
                    var one = await Measure(responder, method, count, cancellation);
                    (measured.TryGetValue((method, responder.Name), out var all) ? all : measured[(method, responder.Name)] = []).Add(one);
                    await Console.Error.WriteLineAsync($"round {round} of {rounds}: {method} with {responder.Name}: {count / one.Seconds:0}/s, {count / one.Cpu:0} per CPU-second");
                }
            }
        }

        var table = new Table(["key exchange and responder", "per second", "per CPU-second of the responder", "CPU of the responder for each, ms"]);
        foreach (var ((method, responder), all) in measured)
        {
            var cpu = Statistics.Median([.. all.Select(one => one.Cpu / count)]);
            table.Add([$"{method}, {responder}", Number(Statistics.Median([.. all.Select(one => count / one.Seconds)]), "0"), Number(1 / cpu, "0"), Number(cpu * 1000, "0.00")]);
        }

        return $"""
            Written by `bench/handshakes`. Complete set-ups of an IKE SA and its Child SA, and their deletion, as the responder: Latchkey's daemon and
            strongSwan's charon, each with its own defaults, in a namespace of its own, driven by the same initiator (Latchkey's) over a veth pair. A shared
            key proves both ends; AES-256-GCM, HMAC-SHA2-256; {AtOnce} at once, {count} in a row, {rounds} {(rounds == 1 ? "round" : "rounds")}, medians. Both daemons
            install the Child SA in their datapath in user space, and log as they do by default; Latchkey's is of transport mode, and charon's of tunnel
            mode, as kernel-libipsec knows no other. The initiator computes as much as the responder, on
            the same machine, so what the responder can do is the figure for its CPU. strongSwan of Debian 12 has no ML-KEM.

            Machine: {machine}.

            {table}
            """;
    }

    private static async Task<(double Seconds, double Cpu)> Measure(Responder responder, string method, int count, CancellationToken cancellation)
    {
        await using var laboratory = new Laboratory(new AddressPlan(false), keep: false, cancellation);
        var ends = await Ends.Create(laboratory);
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var daemon = await responder.Start(ends.B, Ends.AddressA, secret);
        await Begin(ends, Warm, method, secret);
        // "ip netns exec" becomes what it starts, so the process is the daemon.
        var before = ProcessUse.Of(daemon.Id).CpuSeconds;
        var seconds = await Begin(ends, count, method, secret);
        var cpu = ProcessUse.Of(daemon.Id).CpuSeconds - before;
        // What it wrote into its log is whole when it has ended.
        await daemon.Stop();
        var children = responder.Children(ends.B);
        return children == count + Warm ? (seconds, cpu) : throw new LabException($"{responder.Name} made {children} Child SAs and not {count + Warm}");
    }

    private static async Task<double> Begin(Ends ends, int count, string method, string secret)
    {
        var result = await ends.A.Try(
            TimeSpan.FromMinutes(3), [.. Product.Executable, "load", "handshakes", Ends.AddressA, Ends.AddressB, $"{count}", $"{AtOnce}", method, secret]);
        return result.Status == 0
            ? double.Parse(result.Output, CultureInfo.InvariantCulture)
            : throw new LabException($"the initiator failed: {result.Complaint.Trim()}");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
