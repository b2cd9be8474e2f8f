using Latchkey.Crypto;
using Latchkey.Ike;

namespace Latchkey.Simulator;

/// <summary>What survives a crash and goes with a key: the birth certificate, and the secret of crash detection tokens.</summary>
public sealed class SimulatedDisk
{
    private readonly ulong _identity;

    internal SimulatedDisk(int identity)
    {
        _identity = (ulong)identity;
        QcdSecret = new SecretBytes(32);
        new SimulatedRandom(0xD15C + _identity).Fill(QcdSecret.Span);
    }

    public SecretBytes QcdSecret { get; }

    public BirthCertificate Birth { get; private set; }

    /// <summary>A boot, or the loss of every latch of a live connection.</summary>
    internal void BeginLife(TimeSpan now) => Birth = new BirthCertificate(Birth.Number + 1, new UInt128(_identity + 1, Birth.Number + 1), now);
}
