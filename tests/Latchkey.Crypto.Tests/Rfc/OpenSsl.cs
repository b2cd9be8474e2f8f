using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace Latchkey.Crypto.Tests;

/// <summary>The <c>openssl</c> command in a directory of its own.</summary>
public sealed class OpenSsl : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("latchkey-openssl-");

    public OpenSsl()
    {
        try
        {
            Run("version");
        }
        catch (Win32Exception)
        {
            Assert.Skip("the openssl command is not installed; it is the independent judge here");
        }
    }

    public void Write(string name, ReadOnlySpan<byte> octets) => File.WriteAllBytes(PathOf(name), octets);

    public void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    public byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    public string ReadText(string name) => File.ReadAllText(PathOf(name));

    /// <returns>True when the command ended with status 0.</returns>
    public bool Run(string arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments)
        {
            WorkingDirectory = _directory.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
