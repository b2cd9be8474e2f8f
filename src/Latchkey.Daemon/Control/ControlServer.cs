using Latchkey.Daemon.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Control;

/// <summary>The control API: HTTP with JSON over a Unix socket (docs/control-api.md).</summary>
public sealed class ControlServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly string _path;

    private ControlServer(WebApplication application, string path) => (_application, _path) = (application, path);

    /// <exception cref="StartupException">The socket cannot be made.</exception>
    public static async Task<ControlServer> StartAsync(string path, IDaemonControl daemon, ILoggerFactory logs)
    {
        SharedDirectory.Ensure(Path.GetDirectoryName(path)!);
        var doorman = new Doorman();

        // Empty, not slim: no configuration files and no environment variables can change what listens where.
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseSockets(sockets =>
        {
            sockets.CreateBoundListenSocket = _ => ControlSocket.Bind(path);

            // As many as the kernel lets wait: a crowd is turned away by the doorman, not by a full queue.
            sockets.Backlog = 4096;

            // A flush ends when the kernel has taken all that was written: what an alert waits for (OwnerAlerts).
            sockets.MaxWriteBufferSize = 2;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Bound(kestrel.Limits);
            kestrel.ListenUnixSocket(path, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => doorman.AdmitAsync(connection, next));
            });
        });
        var application = builder.Build();
        application.Use((context, next) => Doorman.CountAsync(context, next));
        application.Use((context, next) => Answers.OrRefuseAsync(context, next));
        application.UseRouting();
        application.Use((context, next) => Access.CheckAsync(context, next));
        ControlEndpoints.Map(application, daemon, application.Lifetime.ApplicationStopping);
        ConnectionEndpoints.Map(application, daemon, application.Lifetime.ApplicationStopping);
        try
        {
            await application.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new ControlServer(application, path);
    }

    public async ValueTask DisposeAsync()
    {
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
        {
            await _application.StopAsync(patience.Token).ConfigureAwait(false);
        }

        await _application.DisposeAsync().ConfigureAwait(false);
        File.Delete(_path);
    }

    /// <summary>
    /// Requests here are one line, a few headers and a short object; whoever sends more, or slowly, is not one of ours. How
    /// many connections there may be is the doorman's business.
    /// </summary>
    private static void Bound(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = 4096;
        limits.MaxRequestLineSize = 2048;
        limits.MaxRequestHeadersTotalSize = 8192;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
    }
}
