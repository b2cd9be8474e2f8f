using System.CommandLine;
using Latchkey.Bench;
using Latchkey.Bench.Engine;
using Latchkey.Bench.Load;

var engine = new Command("engine", "Measure what the engine can carry, in memory");
engine.SetAction(_ => EngineFigures.Print(Console.Out));
return await new RootCommand("Measures Latchkey") { CompareCommand.Create(), engine, LoadCommand.Create() }.Parse(args).InvokeAsync();
