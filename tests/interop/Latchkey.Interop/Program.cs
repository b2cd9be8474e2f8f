using Latchkey.Interop;
using Latchkey.Interop.Cases;
using Latchkey.Lab;

// latchkey-interop run  CASES PRODUCT MACHINE [--short] [--keep] [--table FILE] [NAME...]
// latchkey-interop list CASES
string[] options = [.. args.Where(a => a.StartsWith("--", StringComparison.Ordinal))];
var words = args.Where((a, i) => !a.StartsWith("--", StringComparison.Ordinal) && (i == 0 || args[i - 1] != "--table")).ToArray();
var table = Array.IndexOf(args, "--table") is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;
using var interruption = Interruption.Watch(CancellationToken.None);
switch (words)
{
    case ["list", var folder]:
        foreach (var work in CaseFiles.Read(folder))
        {
            Console.WriteLine($"{work.Name,-28} {work.Title}");
        }

        return 0;
    case ["run", var folder, var product, var machine, .. var names]:
        var wanted = CaseFiles.Read(folder).Where(c => names.Length > 0 ? names.Contains(c.Name) : !options.Contains("--short") || c.Short).ToList();
        if (wanted.Count == 0 || names.Except(wanted.Select(c => c.Name)).Any())
        {
            Console.Error.WriteLine($"There is no such case; 'list' names them.");
            return 2;
        }

        var results = await new Suite(product, machine, options.Contains("--keep")).Run(
            wanted, result => Console.WriteLine($"{result.Verdict,-8} {result.Case,-28} {result.Family} {result.Seconds,6:0.0} s  {result.Text}"), interruption.Token);
        Console.WriteLine($"{results.Count(r => r.Verdict == "passed")} passed, {results.Count(r => r.Verdict == "limited")} limited by the peer, {results.Count(r => !r.IsGood)} failed");
        if (table is not null)
        {
            await File.WriteAllTextAsync(table, await Table.Write(wanted, results, product));
        }

        return results.All(r => r.IsGood) ? 0 : 1;
    default:
        Console.Error.WriteLine("usage: latchkey-interop run|list CASES ...");
        return 2;
}
