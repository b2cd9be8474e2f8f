using System.CommandLine;
using Latchkey.Lab.Network;
using Latchkey.Lab.Scenarios;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab;

/// <summary><c>latchkey lab</c>: the scenarios, run with real hosts, real programs and the real daemon.</summary>
public static class LabCommand
{
    private const int WrongUsage = 2;
    private const int Interrupted = 130;

    public static Command Create() =>
        new("lab", "Tell the scenarios with network namespaces, real programs and the real daemon (needs root)")
        {
            List(), RunScenario(), TellDemo(), Clean(),
        };

    private static Command List()
    {
        var command = new Command("list", "List the scenarios");
        command.SetAction(_ =>
        {
            foreach (var scenario in Catalog.All)
            {
                Console.WriteLine($"{scenario.Id,-5} {scenario.Title}");
            }
        });
        return command;
    }

    private static Command Clean()
    {
        var command = new Command("clean", "Remove what killed runs left behind");
        command.SetAction((_, _) => Leftovers.Remove());
        return command;
    }

    private static Command TellDemo()
    {
        var keep = Keep();
        var ipv6 = IPv6();
        var command = new Command("demo", "Tell the story of the replaced peer three times: without IPsec, with wait, with close") { keep, ipv6 };
        command.SetAction((arguments, cancellation) => Guard(async interrupted =>
        {
            var performance = new Performance(new AddressPlan(arguments.GetValue(ipv6)), arguments.GetValue(keep), Full: false, new Narrator(Console.Out));
            return await new Demo(performance).Tell(interrupted) ? 0 : 1;
        }, cancellation));
        return command;
    }

    private static Command RunScenario()
    {
        var scenario = new Argument<string>("scenario") { Description = "Its number, for example S3; or 'all'" };
        var json = new Option<bool>("--json") { Description = "One JSON object for each scenario told; the story goes to standard error" };
        var keep = Keep();
        var ipv4 = new Option<bool>("--ipv4") { Description = "Only over IPv4" };
        var ipv6 = new Option<bool>("--ipv6") { Description = "Only over IPv6" };
        var full = new Option<bool>("--full") { Description = "Transfers of full length" };
        var repeat = new Option<int>("--repeat") { Description = "Tell it this many times and give the distribution", DefaultValueFactory = _ => 1 };
        repeat.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() < 1)
            {
                given.AddError("--repeat must be at least 1");
            }
        });
        var command = new Command("run", "Tell one scenario, over IPv4 unless --ipv6 is given, or all of them, over both")
        {
            scenario, json, keep, ipv4, ipv6, full, repeat,
        };
        command.Validators.Add(given =>
        {
            if (given.GetValue(ipv4) && given.GetValue(ipv6))
            {
                given.AddError("--ipv4 and --ipv6 exclude each other; 'run all' without either tells every scenario over both");
            }
        });
        command.SetAction(async (arguments, cancellation) =>
        {
            var asked = arguments.GetRequiredValue(scenario);
            var all = string.Equals(asked, "all", StringComparison.OrdinalIgnoreCase);
            if (!all && Catalog.Find(asked) is null)
            {
                await Console.Error.WriteLineAsync($"There is no scenario {asked}; 'latchkey lab list' names them.");
                return WrongUsage;
            }

            var season = new Season(arguments.GetValue(keep), arguments.GetValue(full), arguments.GetValue(repeat), arguments.GetValue(json));
            return await Guard(
                async interrupted =>
                    (all
                        ? await season.TellAll(Families(arguments.GetValue(ipv4), arguments.GetValue(ipv6)), interrupted)
                        : await season.Tell(Catalog.Find(asked)!, new AddressPlan(arguments.GetValue(ipv6)), interrupted))
                    ? 0 : 1,
                cancellation);
        });
        return command;
    }

    private static IReadOnlyList<AddressPlan> Families(bool onlyIPv4, bool onlyIPv6) =>
        onlyIPv4 ? [new(false)] : onlyIPv6 ? [new(true)] : [new(false), new(true)];

    private static Option<bool> Keep() => new("--keep") { Description = "Keep captures, logs and configurations, and say where" };

    private static Option<bool> IPv6() => new("--ipv6") { Description = "Use IPv6 instead of IPv4" };

    /// <summary>What every run of the laboratory needs: root, a clean floor before, and a way to be interrupted.</summary>
    private static async Task<int> Guard(Func<CancellationToken, Task<int>> run, CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            await Console.Error.WriteLineAsync("The laboratory makes network namespaces and TUN devices; it needs root.");
            return 1;
        }

        using var interruption = Interruption.Watch(cancellation);
        await Leftovers.Remove();
        try
        {
            return await run(interruption.Token);
        }
        catch (Exception problem) when (problem is OperationCanceledException || interruption.Token.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted; everything was cleaned up.");
            return Interrupted;
        }
    }
}
