using Latchkey.Cli;

return await CommandLine.RunAsync(args, CliContext.ForConsole(), CancellationToken.None);
