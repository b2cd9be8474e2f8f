using System.Text.Json;
using Latchkey.Interop;
using Latchkey.Interop.Cases;
using Latchkey.Lab;

// latchkey-interop run  CASES PRODUCT MACHINE LIBRESWAN [--short] [--keep] [--table FILE --results FILE] [NAME...]
//   --results: what was good before is not run again, and what is new is added, so that an interrupted run goes on where it was
// latchkey-interop list CASES
string[] options = [.. args.Where(a => a.StartsWith("--", StringComparison.Ordinal))];
var words = args.Where((a, i) => !a.StartsWith("--", StringComparison.Ordinal) && (i == 0 || args[i - 1] is not ("--table" or "--results"))).ToArray();
string? Following(string option) => Array.IndexOf(args, option) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
var (table, file) = (Following("--table"), Following("--results"));
using var interruption = Interruption.Watch(CancellationToken.None);
switch (words)
{
    case ["list", var folder]:
        foreach (var work in CaseFiles.Read(folder))
        {
            Console.WriteLine($"{work.Name,-28} {work.Title}");
        }

        return 0;
    case ["run", var folder, var product, var machine, var libreswan, .. var names]:
        var wanted = CaseFiles.Read(folder).Where(c => names.Length > 0 ? names.Contains(c.Name) : !options.Contains("--short") || c.Short).ToList();
        if (wanted.Count == 0 || names.Except(wanted.Select(c => c.Name)).Any())
        {
            Console.Error.WriteLine($"There is no such case; 'list' names them.");
            return 2;
        }

        var known = file is not null && File.Exists(file) ? File.ReadLines(file).Select(line => JsonSerializer.Deserialize<CaseResult>(line)!).ToList() : [];
        var results = await new Suite(product, machine, libreswan, options.Contains("--keep")).Run(
            wanted,
            known,
            result =>
            {
                Console.WriteLine($"{result.Verdict,-8} {result.Case,-28} {result.Family} {result.Seconds,6:0.0} s  {result.Text}");
                if (file is not null)
                {
                    File.AppendAllText(file, JsonSerializer.Serialize(result) + "\n");
                }
            },
            interruption.Token);
        Console.WriteLine($"{results.Count(r => r.Verdict == "passed")} passed, {results.Count(r => r.Verdict == "limited")} limited by the peer, {results.Count(r => !r.IsGood)} failed");
        if (table is not null)
        {
            await File.WriteAllTextAsync(table, await Table.Write(wanted, results, product, libreswan));
        }

        return results.All(r => r.IsGood) ? 0 : 1;
    default:
        Console.Error.WriteLine("usage: latchkey-interop run|list CASES ...");
        return 2;
}
