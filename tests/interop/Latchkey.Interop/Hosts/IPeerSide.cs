using Latchkey.Lab.Processes;

namespace Latchkey.Interop.Hosts;

/// <summary>The host that runs another implementation of IKE.</summary>
public interface IPeerSide
{
    PeerLog Log { get; }

    Task Start(TimeSpan limit);

    Task Stop();

    Task Kill();

    /// <summary>Makes an IKE SA with a Child SA.</summary>
    /// <returns>Status 0 when both are there.</returns>
    Task<CommandResult> Initiate(TimeSpan limit);

    /// <summary>Runs the command that controls it.</summary>
    Task<CommandResult> Control(TimeSpan limit, params IReadOnlyList<string> arguments);

    /// <summary>How many SAs it has that are complete, and what it says of them.</summary>
    Task<(int Ike, int Children, string Said)> Sas(TimeSpan limit);
}
