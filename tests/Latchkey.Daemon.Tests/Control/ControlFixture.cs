using Latchkey.Daemon.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>A control server on a real Unix socket in a directory of its own.</summary>
public sealed class ControlFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-control-");
    private ControlServer? _server;

    public string Path => System.IO.Path.Combine(_directory.FullName, "control.sock");

    internal FakeDaemon Daemon { get; } = new();

    public async ValueTask InitializeAsync()
    {
        // Other users pass through it, as they do through /run/latchkey.
        File.SetUnixFileMode(_directory.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        _server = await ControlServer.StartAsync(Path, Daemon, NullLoggerFactory.Instance);
    }

    public Task StopAsync() => _server!.DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }
}
