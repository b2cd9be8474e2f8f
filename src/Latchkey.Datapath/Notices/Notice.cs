namespace Latchkey.Datapath;

/// <summary>How far the telling of one local socket has come.</summary>
internal sealed class Notice
{
    /// <summary>Tries that are made without the socket having said anything.</summary>
    public int TriesLeft { get; set; }

    public TimeSpan NextTry { get; set; }

    /// <summary>When something was last sent to the socket.</summary>
    public TimeSpan? LastSent { get; set; }

    /// <summary>The sequence number of the last RST.</summary>
    public uint LastSequence { get; set; }
}
