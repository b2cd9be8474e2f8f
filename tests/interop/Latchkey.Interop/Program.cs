using System.Text.Json;
using Latchkey.Interop;
using Latchkey.Interop.Cases;
using Latchkey.Lab;

// latchkey-interop run  CASES PRODUCT MACHINE [--short] [--keep] [--table FILE] [NAME...]   on any host
// latchkey-interop list CASES
// latchkey-interop guest CASES PRODUCT CREDENTIALS [--keep] NAME...                         where the kernel has ESP
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
    case ["guest", var folder, var product, var credentials, .. var names]:
        await new Runner(product, credentials, kernelHasEsp: true, options.Contains("--keep"), result => Console.WriteLine(JsonSerializer.Serialize(result)))
            .Run([.. CaseFiles.Read(folder).Where(c => names.Contains(c.Name))], interruption.Token);
        return 0;
    case ["run", var folder, var product, var machine, .. var names]:
        var wanted = CaseFiles.Read(folder).Where(c => names.Length > 0 ? names.Contains(c.Name) : !options.Contains("--short") || c.Short).ToList();
        if (wanted.Count == 0 || names.Except(wanted.Select(c => c.Name)).Any())
        {
            Console.Error.WriteLine($"There is no such case; 'list' names them.");
            return 2;
        }

        return await new Suite(folder, product, machine).Run(wanted, options.Contains("--keep"), table, interruption.Token) ? 0 : 1;
    default:
        Console.Error.WriteLine("usage: latchkey-interop run|list|guest CASES ...");
        return 2;
}
