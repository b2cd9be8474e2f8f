namespace Latchkey.Datapath;

/// <summary>What has travelled under one SA.</summary>
internal sealed class SaTraffic
{
    public ulong Packets { get; private set; }

    /// <summary>ESP octets, headers included.</summary>
    public ulong Octets { get; private set; }

    /// <summary>The engine was told that this SA must be replaced.</summary>
    public bool WearingOutReported { get; set; }

    public void Count(int octets)
    {
        Packets++;
        Octets += (uint)octets;
    }

    /// <param name="sequence">The highest sequence number used.</param>
    public bool IsWearingOut(DatapathSettings settings, ulong sequence, bool esn) =>
        sequence >= (esn ? settings.WearingOutPacketsEsn : settings.WearingOutPackets) || Octets >= settings.WearingOutOctets;
}
