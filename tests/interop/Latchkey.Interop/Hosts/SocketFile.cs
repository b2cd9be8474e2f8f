using Latchkey.Lab.Processes;

namespace Latchkey.Interop.Hosts;

/// <summary>A program is up when the file of the socket that it serves is there.</summary>
internal static class SocketFile
{
    /// <returns>False when the program ended, or the time did, before the file was there.</returns>
    public static async Task<bool> Appears(string file, BackgroundProcess program, TimeSpan limit)
    {
        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(file)!, Path.GetFileName(file));
        watcher.Created += (_, _) => created.TrySetResult();
        watcher.EnableRaisingEvents = true;

        // Looked for after the watcher has begun, so that no moment is missed.
        return File.Exists(file) || await Task.WhenAny(created.Task, program.WaitForLastWords(limit)) == created.Task;
    }
}
