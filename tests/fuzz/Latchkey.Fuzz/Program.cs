using Latchkey.Fuzz;
using SharpFuzz;

// latchkey-fuzz list                 the targets, a line each
// latchkey-fuzz run TARGET           for AFL++: inputs come from it
// latchkey-fuzz replay TARGET FILE   handles one input and shows what it does
switch (args)
{
    case ["list"]:
        foreach (var target in FuzzTarget.All)
        {
            Console.WriteLine($"{target.Name}\t{target.About}");
        }

        return 0;
    case ["run", var name] when Find(name) is { } target:
        Fuzzer.Run(stream => target.Run(ReadAll(stream)));
        return 0;
    case ["replay", var name, var file] when Find(name) is { } target:
        target.Run(File.ReadAllBytes(file));
        Console.WriteLine("nothing broke");
        return 0;
    default:
        Console.Error.WriteLine($"usage: list | run TARGET | replay TARGET FILE; targets: {string.Join(", ", FuzzTarget.All.Select(t => t.Name))}");
        return 2;
}

static FuzzTarget? Find(string name) => FuzzTarget.All.FirstOrDefault(target => target.Name == name);

static byte[] ReadAll(Stream stream)
{
    using var memory = new MemoryStream();
    stream.CopyTo(memory);
    return memory.ToArray();
}
