using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Logging;

/// <summary>
/// One line a message on standard error. Under systemd the line begins with its priority and leaves the time to the
/// journal (sd-daemon(3)); elsewhere it begins with the time.
/// </summary>
/// <remarks>
/// A write costs more than a latch, and whoever logs may hold up a packet: so lines are written together, a moment after
/// the first of them. A warning, or worse, is written at once, behind all that was said before.
/// </remarks>
public sealed class StandardErrorLog : ILoggerProvider, ILogger
{
    /// <summary>No line waits longer, and a thousand connections a second cost a hundred writes.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    /// <summary>Where standard error takes no more, nothing is lost and nothing grows: whoever logs waits.</summary>
    private const int MostWaiting = 4096;

    private const int BufferSize = 16384;

    private readonly TextWriter _output;
    private readonly bool _journal;
    private readonly Timer _timer;
    private readonly Lock _noting = new();
    private List<Line> _waiting = [];

    // Whoever writes has it, and what follows.
    private readonly Lock _writing = new();
    private readonly StringBuilder _text = new();
    private List<Line> _written = [];

    /// <param name="journal">Write for systemd's journal.</param>
    public StandardErrorLog(TextWriter output, bool journal)
    {
        (_output, _journal) = (output, journal);
        _timer = new Timer(_ => WriteOut(), state: null, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>systemd says with JOURNAL_STREAM that standard error is the journal.</summary>
    public static StandardErrorLog ForProcess() =>
        new(new StreamWriter(Console.OpenStandardError(), bufferSize: BufferSize) { AutoFlush = true }, Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not null);

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

        int waiting;
        lock (_noting)
        {
            _waiting.Add(new Line(DateTime.UtcNow, logLevel, text));
            waiting = _waiting.Count;
        }

        if (logLevel > LogLevel.Information || waiting >= MostWaiting)
        {
            WriteOut();
        }
        else if (waiting == 1)
        {
            _timer.Change(Moment, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Writes what waits. Standard error itself belongs to the process.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        WriteOut();
    }

    private void WriteOut()
    {
        lock (_writing)
        {
            lock (_noting)
            {
                (_waiting, _written) = (_written, _waiting);
            }

            foreach (var line in _written)
            {
                var (word, priority) = Level(line.Level);
                _ = _journal
                    ? _text.Append(CultureInfo.InvariantCulture, $"<{priority}>")
                    : _text.Append(CultureInfo.InvariantCulture, $"{line.At:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {word} ");
                _text.Append(OneLine(line.Text)).Append('\n');
            }

            _written.Clear();
            try
            {
                _output.Write(_text.ToString());
            }
            catch (IOException)
            {
                // A full disk, say: what cannot be said is lost, and the daemon goes on.
            }

            _text.Clear();
        }
    }

    // A line break in the text would let whoever chose the text forge a line of the log.
    private static string OneLine(string text) => Printable.Of(text.ReplaceLineEndings(" | "));

    private static (string Word, int Priority) Level(LogLevel level) => level switch
    {
        LogLevel.Critical => ("CRITICAL", 2),
        LogLevel.Error => ("ERROR", 3),
        LogLevel.Warning => ("warning", 4),
        _ => ("info", 6),
    };

    private readonly record struct Line(DateTime At, LogLevel Level, string Text);
}
