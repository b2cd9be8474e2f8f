using System.Diagnostics;

namespace Latchkey.Lab.Processes;

/// <summary>
/// A program that runs beside the story. What it writes goes line by line into a log file and to whoever listens.
/// </summary>
public sealed class BackgroundProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private readonly StreamWriter _log;

    // Reading starts only when the listeners are in place, or the first lines would be lost to them.
    private readonly TaskCompletionSource _readyToRead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BackgroundProcess(string name, Process process, string logFile)
    {
        Name = name;
        LogFile = logFile;
        _process = process;
        _log = new StreamWriter(logFile) { AutoFlush = true };
        _reading = Task.WhenAll(
            Read(process.StandardOutput, line => LineWritten?.Invoke(line)),
            Read(process.StandardError, line => ComplaintWritten?.Invoke(line)));
    }

    /// <summary>A line on standard output; raised on a background thread.</summary>
    public event Action<string>? LineWritten;

    /// <summary>A line on standard error; raised on a background thread.</summary>
    public event Action<string>? ComplaintWritten;

    public string Name { get; }

    /// <summary>Everything it wrote, both streams.</summary>
    public string LogFile { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <param name="register">Where to note the process, so that a later run can end it if this one is killed.</param>
    public static BackgroundProcess Start(
        string name, IReadOnlyList<string> arguments, string logFile, ProcessRegister register, Action<BackgroundProcess>? prepare = null)
    {
        var process = new Process { StartInfo = Command.StartInfo(arguments, null) };
        process.Start();
        register.Note(process.Id);
        var background = new BackgroundProcess(name, process, logFile);
        prepare?.Invoke(background);
        background._readyToRead.SetResult();
        return background;
    }

    /// <summary>Writes a line to its standard input; one that has ended no longer listens, and its own last words say why.</summary>
    public async Task Tell(string line)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Sends a signal by name, for example <c>INT</c>.</summary>
    public async Task Signal(string signal)
    {
        if (!_process.HasExited)
        {
            await Command.Try(["kill", "-s", signal, $"{_process.Id}"], Command.DefaultLimit);
        }
    }

    /// <summary>Waits until the program ended by itself.</summary>
    /// <returns>False when it still runs after that time.</returns>
    public async Task<bool> WaitForExit(TimeSpan limit)
    {
        using var timer = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(timer.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Waits until the program ended by itself, and its last words are heard.</summary>
    /// <returns>False when it still runs after that time.</returns>
    public async Task<bool> WaitForLastWords(TimeSpan limit)
    {
        if (!await WaitForExit(limit))
        {
            return false;
        }

        await Heard();
        return true;
    }

    /// <summary>Asks politely, then kills.</summary>
    public async Task Stop(string signal = "TERM", TimeSpan? patience = null)
    {
        await Signal(signal);
        if (!await WaitForExit(patience ?? TimeSpan.FromSeconds(3)))
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    /// <summary>The power cord: SIGKILL, no farewell.</summary>
    public async Task Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Kill();
        await Heard();
        lock (_gate)
        {
            _log.Dispose();
        }

        _process.Dispose();
    }

    /// <summary>A grandchild may hold the pipes open; it dies with its namespace, and nothing of it is missed.</summary>
    private async Task Heard() => await Task.WhenAny(_reading, Task.Delay(TimeSpan.FromSeconds(1)));

    private async Task Read(StreamReader reader, Action<string> heard)
    {
        await _readyToRead.Task;
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                if (_log.BaseStream is { CanWrite: true })
                {
                    _log.WriteLine(line);
                }
            }

            heard(line);
        }
    }
}
