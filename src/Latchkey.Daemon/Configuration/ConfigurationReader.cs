using System.Collections.Immutable;
using System.Text;
using Latchkey.Latching;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Latchkey.Daemon.Configuration;

/// <summary>Reads the configuration file: everything is understood, or everything that is not is said, with its place.</summary>
public static class ConfigurationReader
{
    /// <summary>More than any sensible policy; a larger file is a mistake (a log, an image, a device).</summary>
    private const int MaximumLength = 1 << 20;

    public static ConfigurationResult ReadFile(string file)
    {
        string text;
        UnixFileMode mode;
        var findings = new FindingList(file);
        try
        {
            if (Directory.Exists(file))
            {
                findings.ErrorInFile("this is a directory, not a configuration", "name the file in it with --config FILE");
                return new(null, findings.ToImmutable());
            }

            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            mode = File.GetUnixFileMode(stream.SafeFileHandle);
            var bytes = new byte[MaximumLength + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaximumLength)
            {
                findings.ErrorInFile($"the file has more than {MaximumLength} octets", "name a Latchkey configuration with --config FILE");
                return new(null, findings.ToImmutable());
            }

            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.AsSpan(0, length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            var (reason, remedy) = Explain(e);
            findings.ErrorInFile($"cannot read the configuration: {reason}", $"{remedy}, or name another with --config FILE");
            return new(null, findings.ToImmutable());
        }

        if ((mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
        {
            findings.WarningInFile("others than its owner may change this file, and with it what is protected", $"run: chmod go-w {file}");
        }

        return Read(text, file, findings);
    }

    /// <param name="file">The name used in findings.</param>
    public static ConfigurationResult Read(string text, string file) => Read(text, file, new FindingList(file));

    private static ConfigurationResult Read(string text, string file, FindingList findings)
    {
        if (Parse(text, file, findings) is not { } document)
        {
            return new(null, findings.ToImmutable());
        }

        foreach (var diagnostic in document.Diagnostics)
        {
            findings.Error(diagnostic.Span.Start, $"this is not TOML: {diagnostic.Message.TrimEnd('.')}", "see docs/configuration.md for a whole example");
        }

        if (findings.HasErrors)
        {
            return new(null, findings.ToImmutable());
        }

        var tables = SectionTables.Collect(document, findings);
        var settings = SettingsReader.Read(tables, findings);
        var protect = tables.Protect.Select(section => ProtectReader.Read(section, findings)).OfType<PlacedEntry>().ToList();
        var peers = tables.Peers.Select(section => PeerReader.Read(section, file, settings.CertificateFile is not null, findings)).OfType<PlacedPeer>().ToList();
        PolicyChecks.RefuseContradictions(protect, peers, findings);
        if (findings.HasErrors)
        {
            return new(null, findings.ToImmutable());
        }

        PolicyAdvice.Give(protect, peers, findings);
        var policy = new SecurityPolicy([.. protect.Select(p => p.Entry)], [.. peers.Select(p => p.Peer)]);
        var credentials = peers.Where(p => p.Credentials is not null).ToImmutableDictionary(p => p.Peer.Name, p => p.Credentials!);
        return new(new(file, settings, policy) { Credentials = credentials }, findings.ToImmutable());
    }

    private static DocumentSyntax? Parse(string text, string file, FindingList findings)
    {
        try
        {
            // What Tomlyn would validate beyond syntax (keys and sections given twice) is said below, with a remedy.
            return SyntaxParser.Parse(text, file, validate: false);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Tomlyn 2.10.2 fails so, instead of with a diagnostic, when the text ends behind a backslash in a """string.
            findings.ErrorInFile("this is not TOML: it ends inside an escape sequence", "close the string that was begun last");
            return null;
        }
    }

    private static (string Reason, string Remedy) Explain(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => ("it does not exist", "write it (docs/configuration.md begins with the shortest useful one)"),
        UnauthorizedAccessException => ("permission denied", "run as root"),
        DecoderFallbackException => ("it is not UTF-8 text", "save it as UTF-8"),
        _ => (e.Message, "mend that"),
    };
}
