using System.CommandLine;
using Latchkey.Lab.Network;
using Latchkey.Lab.Scenarios;
using Latchkey.Lab.Stories;

namespace Latchkey.Lab;

/// <summary><c>latchkey lab</c>: the scenarios, run with real hosts, real programs and the real daemon.</summary>
public static class LabCommand
{
    public static Command Create() =>
        new("lab", "Tell the scenarios with network namespaces, real programs and the real daemon (needs root)")
        {
            List(), RunScenario(), Clean(),
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

    private static Command RunScenario()
    {
        var scenario = new Argument<string>("scenario") { Description = "Its number, for example S3" };
        var json = new Option<bool>("--json") { Description = "End with one JSON object; the story goes to standard error" };
        var keep = new Option<bool>("--keep") { Description = "Keep captures, logs and configurations" };
        var ipv6 = new Option<bool>("--ipv6") { Description = "Use IPv6 instead of IPv4" };
        var repeat = new Option<int>("--repeat") { Description = "Tell it this many times and give the distribution", DefaultValueFactory = _ => 1 };
        var command = new Command("run", "Tell one scenario") { scenario, json, keep, ipv6, repeat };
        command.SetAction(async (arguments, cancellation) =>
        {
            if (Catalog.Find(arguments.GetValue(scenario)!) is not { } found)
            {
                await Console.Error.WriteLineAsync($"There is no scenario {arguments.GetValue(scenario)}; 'latchkey lab list' names them.");
                return 2;
            }

            var narrator = new Narrator(arguments.GetValue(json) ? Console.Error : Console.Out);
            var results = await Tell(found, new AddressPlan(arguments.GetValue(ipv6)), arguments.GetValue(keep), arguments.GetValue(repeat), narrator, cancellation);
            return Conclude(results, arguments.GetValue(json), narrator);
        });
        return command;
    }

    private static async Task<Distribution> Tell(
        Scenario scenario, AddressPlan plan, bool keep, int times, Narrator narrator, CancellationToken cancellation)
    {
        using var interrupted = Interruption.Watch(cancellation);
        await Leftovers.Remove();
        List<ScenarioResult> results = [];
        for (var i = 0; i < times; i++)
        {
            results.Add(await Performance.Give(scenario, plan, keep, narrator, interrupted.Token));
        }

        return new Distribution(results);
    }

    private static int Conclude(Distribution results, bool json, Narrator narrator)
    {
        if (results.Results.Count > 1)
        {
            narrator.Plain($"{results}");
        }

        if (json)
        {
            Console.WriteLine((results.Results.Count > 1 ? results.ToJson() : results.Results[0].ToJson()).ToJsonString());
        }
        else
        {
            narrator.Plain(results.Passed ? $"{results.Results[0].Scenario} passed" : $"{results.Results[0].Scenario} failed");
        }

        return results.Passed ? 0 : 1;
    }
}
