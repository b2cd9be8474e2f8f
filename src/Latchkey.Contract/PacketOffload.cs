namespace Latchkey.Contract;

/// <summary>Into what a packet that is too large for the path is yet to be cut.</summary>
public enum SegmentKind : byte
{
    /// <summary>It is one packet.</summary>
    None,

    /// <summary>TCP segments.</summary>
    Tcp,

    /// <summary>UDP datagrams.</summary>
    Udp,

    /// <summary>Something that was never asked for; nothing can be done with it.</summary>
    Unknown,
}

/// <summary>
/// Work on a packet that its sender left to the device (virtio 1.2 §5.1.6): a checksum to complete, a super-segment to
/// cut. A kernel hands it out and takes it in the same form. Values from outside are not checked.
/// </summary>
/// <param name="SegmentSize">Octets of payload of each segment; the last one may have less.</param>
/// <param name="HeaderLength">Octets of all headers in front of that payload; a hint.</param>
/// <param name="NeedsChecksum">The checksum field holds the sum of the pseudo header only.</param>
/// <param name="ChecksumStart">The first octet that the checksum covers.</param>
/// <param name="ChecksumOffset">Where the checksum field is, counted from there.</param>
public readonly record struct PacketOffload(
    SegmentKind Kind,
    ushort SegmentSize,
    ushort HeaderLength,
    bool NeedsChecksum,
    ushort ChecksumStart,
    ushort ChecksumOffset);
