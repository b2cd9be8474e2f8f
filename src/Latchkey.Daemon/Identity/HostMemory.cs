using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;

namespace Latchkey.Daemon.Identity;

/// <summary>What the state directory remembers of earlier lives of this host, beside its key.</summary>
internal sealed class HostMemory : IDisposable
{
    private HostMemory(BirthStore birth, ImmutableArray<SecretBytes> qcdSecrets) => (Birth, QcdSecrets) = (birth, qcdSecrets);

    public BirthStore Birth { get; }

    /// <summary>Empty when quick crash detection is switched off.</summary>
    public ImmutableArray<SecretBytes> QcdSecrets { get; }

    /// <exception cref="StartupException">A file is damaged, open to others, or cannot be read or written.</exception>
    public static HostMemory Load(DaemonSettings settings)
    {
        var birth = BirthStore.Load(Path.Combine(settings.StateDirectory, "birth"), SystemRandom.Instance, KernelBoot.Id(), KernelBoot.Uptime);
        return new HostMemory(birth, settings.QuickCrashDetection
            ? QcdSecretStore.LoadOrMake(Path.Combine(settings.StateDirectory, "qcd-secrets"), SystemRandom.Instance, DateTimeOffset.UtcNow)
            : []);
    }

    public void Dispose()
    {
        Birth.Dispose();
        foreach (var secret in QcdSecrets)
        {
            secret.Dispose();
        }
    }
}
