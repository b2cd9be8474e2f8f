using Latchkey.Crypto;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Logging;

/// <summary>Every line the daemon logs. Numbers are never reused.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Information, "latchkey {version} starts with {file}; this host's key is {fingerprint}")]
    public static partial void Starting(this ILogger log, string version, string file, string fingerprint);

    [LoggerMessage(2, LogLevel.Information, "made the identity key {file}")]
    public static partial void IdentityMade(this ILogger log, string file);

    [LoggerMessage(3, LogLevel.Warning, "{finding}")]
    public static partial void ConfigurationWarning(this ILogger log, string finding);

    [LoggerMessage(4, LogLevel.Critical, "KEYS ARE EXPORTED to {directory}: whoever reads it reads the traffic. Take [debug] export_keys out of the configuration when you are done")]
    public static partial void KeysExported(this ILogger log, string directory);

    [LoggerMessage(5, LogLevel.Information, "ready: the control socket is {control}")]
    public static partial void Ready(this ILogger log, string control);

    [LoggerMessage(6, LogLevel.Information, "stopping: saying goodbye to peers; protected flows stay blocked until the daemon runs again, or 'latchkey unprotect'")]
    public static partial void Stopping(this ILogger log);

    [LoggerMessage(7, LogLevel.Critical, "the engine failed and the daemon stops; protected flows stay blocked")]
    public static partial void EngineFailed(this ILogger log, Exception exception);

    [LoggerMessage(8, LogLevel.Information, "{kind}: {text}{details}")]
    public static partial void Event(this ILogger log, string kind, string text, string details);

    [LoggerMessage(9, LogLevel.Warning, "{kind}: {text}{details}")]
    public static partial void AlarmingEvent(this ILogger log, string kind, string text, string details);

    [LoggerMessage(10, LogLevel.Warning, "cannot write exported keys: {reason}")]
    public static partial void KeyExportFailed(this ILogger log, string reason);

    [LoggerMessage(11, LogLevel.Information, "ciphers by {backend}{advice}")]
    public static partial void Ciphers(this ILogger log, AeadBackend backend, string advice);
}
