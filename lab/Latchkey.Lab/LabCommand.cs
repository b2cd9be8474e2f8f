using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
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
        new("lab", "Run the laboratory's scenarios: hosts in network namespaces, real programs, this daemon (needs root)")
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
        var command = new Command("demo", "Run the story of the replaced peer three times: without IPsec, with on_break = \"wait\", with \"close\"") { keep, ipv6 };
        command.SetAction((arguments, cancellation) => Guard(async interrupted =>
        {
            var performance = new Performance(new AddressPlan(arguments.GetValue(ipv6)), arguments.GetValue(keep), Full: false, new Narrator(Console.Out));
            return await new Demo(performance).Tell(interrupted) ? 0 : 1;
        }, cancellation));
        return command;
    }

    private static Command RunScenario()
    {
        var scenario = new Argument<string>("SCENARIO") { Description = "Its number in 'latchkey lab list', for example S3; or 'all'" };
        var json = new Option<bool>("--json") { Description = "One JSON object for each scenario; what people read goes to standard error" };
        var keep = Keep();
        var ipv4 = new Option<bool>("--ipv4") { Description = "Only over IPv4" };
        var ipv6 = new Option<bool>("--ipv6") { Description = "Only over IPv6" };
        var full = new Option<bool>("--full") { Description = "Transfers of full length" };
        var repeat = new Option<int>("--repeat")
        {
            Description = "Run it this many times, and give the distribution of the times it took to notice",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
            CustomParser = Times,
        };
        var command = new Command("run", "Run one scenario, over IPv4 unless --ipv6 is given, or all of them, over both")
        {
            scenario, json, keep, ipv4, ipv6, full, repeat,
        };
        command.Validators.Add(given =>
        {
            if (given.GetValue(ipv4) && given.GetValue(ipv6))
            {
                given.AddError("--ipv4 and --ipv6 exclude each other; 'run all' without either runs every scenario over both");
            }
        });
        command.SetAction(async (arguments, cancellation) =>
        {
            var asked = arguments.GetRequiredValue(scenario);
            var all = string.Equals(asked, "all", StringComparison.OrdinalIgnoreCase);
            if (!all && Catalog.Find(asked) is null)
            {
                await Console.Error.WriteLineAsync($"latchkey: there is no scenario '{asked}'; 'latchkey lab list' names them");
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

    private static int Times(ArgumentResult given)
    {
        if (!int.TryParse(given.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var times) || times < 1)
        {
            given.AddError($"--repeat takes a number from 1, not '{given.Tokens[0].Value}'");
        }

        return times;
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
            await Console.Error.WriteLineAsync("latchkey: the laboratory makes network namespaces and TUN devices; run it as root");
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
