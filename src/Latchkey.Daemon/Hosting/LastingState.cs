using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Daemon.Identity;
using Latchkey.Daemon.Journal;
using Latchkey.Daemon.Logging;
using Latchkey.Daemon.State;
using Microsoft.Extensions.Logging;

namespace Latchkey.Daemon.Hosting;

/// <summary>What outlives a daemon on disk: this host's key, what was learnt about peers, this host's own lives, and its latches.</summary>
internal sealed class LastingState : IDisposable
{
    private readonly DisposalStack _open = new();

    private LastingState(DaemonSettings settings, ILogger log)
    {
        try
        {
            _open.Push(StateLock.Take(settings.StateDirectory));
            var (identity, made) = IdentityStore.LoadOrMake(settings.KeyFile, SystemRandom.Instance);
            Identity = _open.Push(identity);
            if (made)
            {
                log.IdentityMade(settings.KeyFile);
            }

            var database = _open.Push(StateDatabase.Open(settings.StateDirectory));
            Pins = new PinStore(database, () => DateTime.UtcNow);
            IpsecHosts = new IpsecHostStore(database, () => DateTime.UtcNow);
            Memory = _open.Push(HostMemory.Load(settings));

            // By default both are one: users must reach the socket in it, and nothing else of it is theirs to read.
            SharedDirectory.Ensure(Path.GetDirectoryName(settings.Control)!);
            PrivateDirectory.Ensure(settings.RuntimeDirectory);
            Journal = _open.Push(new LatchJournal(settings.RuntimeDirectory, new JournalHeader(KernelBoot.Id(), identity.Public.Fingerprint)));
            Left = Journal.Read();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public SigningKey Identity { get; }

    public PinStore Pins { get; }

    public IpsecHostStore IpsecHosts { get; }

    public HostMemory Memory { get; }

    public LatchJournal Journal { get; }

    /// <summary>The journal of the daemon before this one.</summary>
    public JournalReading Left { get; }

    /// <summary>Opens all of it, for one daemon at a time, and makes what is missing.</summary>
    /// <exception cref="StartupException">Another daemon has it; or something is damaged, open to others, or cannot be read or written.</exception>
    public static LastingState Open(DaemonSettings settings, ILogger log) => new(settings, log);

    /// <summary>What the database knows, which nobody may guess when it cannot be read.</summary>
    /// <exception cref="StartupException">It cannot be read.</exception>
    public static T Remembered<T>(Func<T> load)
    {
        try
        {
            return load();
        }
        catch (StateException e)
        {
            throw new StartupException(e.Message, $"restore {StateDatabase.FileName} from a copy, or move it away: then nobody is pinned, and it is forgotten who has spoken IPsec");
        }
    }

    public void Dispose() => _open.Dispose();
}
