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
        var scenario = new Argument<string>("scenario") { Description = "Its number, for example S3" };
        var json = new Option<bool>("--json") { Description = "End with one JSON object; the story goes to standard error" };
        var keep = Keep();
        var ipv6 = IPv6();
        var full = new Option<bool>("--full") { Description = "Transfers of full length" };
        var repeat = new Option<int>("--repeat") { Description = "Tell it this many times and give the distribution", DefaultValueFactory = _ => 1 };
        repeat.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() < 1)
            {
                given.AddError("--repeat must be at least 1");
            }
        });
        var command = new Command("run", "Tell one scenario") { scenario, json, keep, ipv6, full, repeat };
        command.SetAction(async (arguments, cancellation) =>
        {
            if (Catalog.Find(arguments.GetRequiredValue(scenario)) is not { } found)
            {
                await Console.Error.WriteLineAsync($"There is no scenario {arguments.GetValue(scenario)}; 'latchkey lab list' names them.");
                return WrongUsage;
            }

            var asJson = arguments.GetValue(json);
            var performance = new Performance(
                new AddressPlan(arguments.GetValue(ipv6)), arguments.GetValue(keep), arguments.GetValue(full), new Narrator(asJson ? Console.Error : Console.Out));
            return await Guard(async interrupted =>
            {
                List<ScenarioResult> results = [];
                for (var i = 0; i < arguments.GetValue(repeat); i++)
                {
                    results.Add(await performance.Give(found, interrupted));
                }

                return Conclude(new Distribution(results), asJson, performance.Narrator);
            }, cancellation);
        });
        return command;
    }

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

    private static int Conclude(Distribution results, bool json, Narrator narrator)
    {
        var single = results.Results.Count == 1;
        if (!single)
        {
            narrator.Plain($"{results}");
        }

        narrator.Plain($"{results.Results[0].Scenario} {(results.Passed ? "passed" : "failed")}");
        if (json)
        {
            Console.WriteLine((single ? results.Results[0].ToJson() : results.ToJson()).ToJsonString());
        }

        return results.Passed ? 0 : 1;
    }
}
