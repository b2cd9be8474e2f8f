using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Daemon.Configuration;
using Latchkey.Engine;
using Latchkey.Ike;

namespace Latchkey.Daemon.Hosting;

/// <summary>What the configuration says, as the engine wants to hear it.</summary>
internal static class EngineConfiguration
{
    /// <param name="qcdSecrets">The newest first; none switches quick crash detection off.</param>
    public static EngineSettings Of(DaemonSettings settings, ImmutableArray<SecretBytes> qcdSecrets) => new()
    {
        Ike = new IkeSettings
        {
            IkeProposals = Proposals.Ike(settings),
            EspProposals = Proposals.Esp(settings),
            IkeLifetime = settings.IkeLifetime,
            ChildLifetime = settings.ChildLifetime,
            AuthenticationLifetime = settings.AuthenticationLifetime,
            GiveUpAfter = settings.GiveUpAfter,
            Esn = settings.Esn,
            ExportKeys = settings.KeyExportDirectory is not null,
            QcdSecrets = qcdSecrets,
        },
        BreakOnForeignInitialContact = settings.BreakOnForeignInitialContact,
    };
}
