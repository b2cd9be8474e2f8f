using System.Runtime.InteropServices;
using Latchkey.Crypto;
using Latchkey.Daemon.Logging;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary>The library that computes the ciphers.</summary>
internal static class Ciphers
{
    /// <summary>A faster library that is installed and not used, as a sentence.</summary>
    public static IReadOnlyList<string> Degraded => AeadBackend.Decision.Refusal is { } refusal ? [refusal] : [];

    /// <summary>Has the library chosen and tested, before anything depends on it.</summary>
    /// <exception cref="StartupException">None computes what it should.</exception>
    public static void Choose(ILogger log)
    {
        try
        {
            var (backend, refusal) = AeadBackend.Decision;
            var lacks = backend.Variant is null && refusal is null && RuntimeInformation.ProcessArchitecture == Architecture.X64;
            log.Ciphers(backend, lacks ? "; with the package libipsec-mb1 they would cost a fraction of it" : "");
        }
        catch (AeadSelfTestException e)
        {
            throw new StartupException(e.Message, "nothing can be encrypted on this machine, and nothing was changed; repair its OpenSSL");
        }
    }
}
