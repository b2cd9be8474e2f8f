using System.Diagnostics;
using System.Text;
using Latchkey.Linux.Sockets;
using Xunit;

namespace Latchkey.Daemon.Tests.Control;

/// <summary>A program of another user, with no privilege: python, as the user "nobody".</summary>
internal sealed class Nobody : IDisposable
{
    public const uint User = 65534;

    private const string Prelude = """
        import os, socket, sys, time
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        def connect():
            s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); return s
        def ask(request, body="", s=None):
            s = s or connect()
            s.sendall(f"{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            answer = b""
            while piece := s.recv(65536): answer += piece
            return answer.decode()

        """;

    private readonly Process _process;

    private Nobody(string socket, string program)
    {
        Assert.SkipUnless(PeerCredentials.OwnUser == 0, "only root can become another user");
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-uc");
        start.ArgumentList.Add(Prelude + program);
        start.ArgumentList.Add(socket);
        _process = Process.Start(start)!;
    }

    /// <summary>Sends one request.</summary>
    public static async Task<string> Ask(string socket, string request, string body, CancellationToken cancellation)
    {
        var literal = Convert.ToBase64String(Encoding.UTF8.GetBytes(body));
        using var nobody = new Nobody(socket, $"import base64; print(ask('{request}', base64.b64decode('{literal}').decode()))");
        var answer = await nobody._process.StandardOutput.ReadToEndAsync(cancellation);
        await nobody._process.WaitForExitAsync(cancellation);
        return answer;
    }

    /// <summary>Runs a program that prints a line when it is ready, and then lives until it is disposed of.</summary>
    public static async Task<Nobody> Run(string socket, string program, CancellationToken cancellation)
    {
        var nobody = new Nobody(socket, program + "\nprint('ready'); sys.stdin.read()");
        await nobody.Line(cancellation);
        return nobody;
    }

    public async Task<string?> Line(CancellationToken cancellation) => await _process.StandardOutput.ReadLineAsync(cancellation);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
