using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Logging;

/// <summary>
/// One line a message on standard error. Under systemd the line begins with its priority and leaves the time to the
/// journal (sd-daemon(3)); elsewhere it begins with the time.
/// </summary>
public sealed class StandardErrorLog : ILoggerProvider, ILogger
{
    private readonly TextWriter _output;
    private readonly bool _journal;

    /// <param name="journal">Write for systemd's journal.</param>
    public StandardErrorLog(TextWriter output, bool journal) => (_output, _journal) = (TextWriter.Synchronized(output), journal);

    /// <summary>systemd says with JOURNAL_STREAM that standard error is the journal.</summary>
    public static StandardErrorLog ForProcess() => new(Console.Error, Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not null);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var text = formatter(state, exception);
        if (exception is not null)
        {
            text = $"{text}: {exception}";
        }

        var (word, priority) = Level(logLevel);
        var head = _journal ? $"<{priority}>" : $"{DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)} {word} ";
        _output.WriteLine(head + OneLine(text));
    }

    public void Dispose()
    {
        // Standard error belongs to the process.
    }

    // A line break in the text would let whoever chose the text forge a line of the log.
    private static string OneLine(string text) => text.ReplaceLineEndings(" | ");

    private static (string Word, int Priority) Level(LogLevel level) => level switch
    {
        LogLevel.Critical => ("CRITICAL", 2),
        LogLevel.Error => ("ERROR", 3),
        LogLevel.Warning => ("warning", 4),
        _ => ("info", 6),
    };
}
