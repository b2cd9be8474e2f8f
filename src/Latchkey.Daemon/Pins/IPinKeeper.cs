using Latchkey.Engine;

namespace Latchkey.Daemon.Pins;

/// <summary>Who carries out what the engine wants remembered. Neither call waits for the disk.</summary>
internal interface IPinKeeper
{
    /// <summary>Records a pin, then tells the engine what became of it (<see cref="LatchEngine.HandlePinRecorded"/>).</summary>
    void Keep(RecordPin record);

    /// <summary>Counts a sighting; under a flood some are not counted.</summary>
    void Count(CountSighting sighting);
}
