using System.CommandLine;
using Latchkey.Bench;
using Latchkey.Bench.Bare;
using Latchkey.Bench.Datapath;
using Latchkey.Bench.Engine;
using Latchkey.Bench.Handshakes;
using Latchkey.Bench.Load;

var engine = new Command("engine", "Measure what the engine can carry, in memory");
engine.SetAction(_ => EngineFigures.Print(Console.Out));
var seconds = new Option<double>("--seconds") { Description = "Length of each measurement", DefaultValueFactory = _ => 1 };
var datapath = new Command("datapath", "Measure what the datapath costs by itself, and with many flows and peers, in memory") { seconds };
datapath.SetAction(given => DatapathFigures.Print(Console.Out, TimeSpan.FromSeconds(given.GetValue(seconds))));
return await new RootCommand("Measures Latchkey") { CompareCommand.Create(), HandshakeCommand.Create(), datapath, engine, BareCommand.Create(), LoadCommand.Create() }.Parse(args).InvokeAsync();
