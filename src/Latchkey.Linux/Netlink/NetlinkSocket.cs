using System.Runtime.InteropServices;
using Latchkey.Linux.Native;

namespace Latchkey.Linux.Netlink;

/// <summary>Takes one message of an answer: its type, and its octets behind the netlink header.</summary>
internal delegate void MessageHandler(ushort type, ReadOnlySpan<byte> body);

/// <summary>
/// A netlink socket for requests: asks, waits for the answer, checks it. Belongs to the network namespace of the
/// thread that made it. Not for several threads at once.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    /// <summary>The kernel never sends more than this in one datagram of a list (<c>netlink_dump</c>: 32 KiB).</summary>
    private const int BufferSize = 64 * 1024;

    /// <summary>A list that changed while it was read is asked for again, this often at most.</summary>
    private const int DumpAttempts = 10;

    private readonly FileDescriptor _socket;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private uint _sequence;

    public NetlinkSocket(int protocol)
    {
        _socket = Open(protocol, groups: 0, "cannot open a netlink socket");

        // Errors then come with the kernel's own words. Older kernels do without.
        _ = Socket.SetOption(_socket, NetlinkAbi.LevelNetlink, NetlinkAbi.OptionExtendedAck, 1, sizeof(int));
    }

    /// <summary>A netlink socket that hears these groups; it belongs to the network namespace of the thread that calls.</summary>
    /// <param name="what">What is tried, for the message of an error: <c>cannot watch …</c>.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static unsafe FileDescriptor Open(int protocol, uint groups, string what)
    {
        var socket = Socket.Create(Socket.FamilyNetlink, Socket.TypeRaw | Socket.TypeCloseOnExec, protocol);
        var address = new NetlinkAddress { Family = Socket.FamilyNetlink, Groups = groups };
        return socket.IsInvalid || Socket.Bind(socket, &address, (uint)sizeof(NetlinkAddress)) != 0 ? throw LinuxException.Last(what) : socket;
    }

    /// <summary>Sends a request and waits for the kernel's acknowledgement.</summary>
    /// <param name="what">What is tried, for the message of an error: <c>cannot add …</c>.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Do(MessageBuilder request, string what)
    {
        var error = Try(request, NetlinkAbi.FlagAck, static (_, _) => { }, out _, out var text);
        ThrowUnlessZero(error, text, what);
    }

    /// <summary>As <see cref="Do"/>, and gives the errno back instead; 0 when done.</summary>
    public int TryDo(MessageBuilder request) => Try(request, NetlinkAbi.FlagAck, static (_, _) => { }, out _, out _);

    /// <summary>
    /// As <see cref="TryDo"/> for a subsystem of netfilter that takes changes only between two marks, as one transaction
    /// (<c>linux/netfilter/nfnetlink.h</c>).
    /// </summary>
    public int TryDoInBatch(MessageBuilder request, ushort subsystem)
    {
        // All three carry one number: an error is told of the mark or of the request, and the acknowledgement of the request.
        var number = ++_sequence;
        var wanted = request.Finish(number);
        MemoryMarshal.AsRef<NetlinkHeader>(wanted).Flags |= NetlinkAbi.FlagAck;
        var mark = new NetfilterHeader { Resource = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(subsystem) };
        return Exchange(
            [.. MessageBuilder.Request(NetfilterHeader.BatchBegin, 0, mark).Finish(number), .. wanted, .. MessageBuilder.Request(NetfilterHeader.BatchEnd, 0, mark).Finish(number)],
            NetlinkAbi.FlagAck, static (_, _) => { }, out _, out _);
    }

    /// <summary>Asks for one object; gives the errno back, 0 when <paramref name="handler"/> was called with it.</summary>
    public int TryGet(MessageBuilder request, MessageHandler handler) => Try(request, 0, handler, out _, out _);

    /// <summary>
    /// Asks for a list. When the list changed meanwhile, it is asked for again after <paramref name="reset"/>.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Dump(MessageBuilder request, string what, Action reset, MessageHandler handler)
    {
        for (var attempt = 1; ; attempt++)
        {
            reset();
            var error = Try(request, NetlinkAbi.FlagDump, handler, out var interrupted, out var text);
            ThrowUnlessZero(error, text, what);
            if (!interrupted || attempt == DumpAttempts)
            {
                return;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static void ThrowUnlessZero(int error, string? text, string what)
    {
        if (error != 0)
        {
            throw new LinuxException(text is null ? what : $"{what} ({text})", error);
        }
    }

    private int Try(MessageBuilder request, ushort flags, MessageHandler handler, out bool interrupted, out string? text)
    {
        var message = request.Finish(++_sequence);
        MemoryMarshal.AsRef<NetlinkHeader>(message).Flags |= flags;
        return Exchange(message, flags, handler, out interrupted, out text);
    }

    private unsafe int Exchange(ReadOnlySpan<byte> message, ushort flags, MessageHandler handler, out bool interrupted, out string? text)
    {
        interrupted = false;
        text = null;
        fixed (byte* data = message)
        {
            if (Socket.Send(_socket, data, (nuint)message.Length, 0) < 0)
            {
                return Marshal.GetLastPInvokeError();
            }
        }

        while (true)
        {
            nint received;
            fixed (byte* data = _buffer)
            {
                received = Socket.Receive(_socket, data, BufferSize, 0);
            }

            if (received < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == Errno.Interrupted)
                {
                    continue;
                }

                return error;
            }

            var reader = new MessageReader(_buffer.AsSpan(0, (int)received));
            while (reader.TryNext(out var header, out var body))
            {
                if (header.Sequence != _sequence)
                {
                    continue;
                }

                interrupted |= (header.Flags & NetlinkAbi.FlagDumpInterrupted) != 0;
                switch (header.Type)
                {
                    case NetlinkAbi.TypeDone:
                        return 0;
                    case NetlinkAbi.TypeError:
                        return ReadError(header, body, out text);
                    default:
                        handler(header.Type, body);
                        if ((flags & (NetlinkAbi.FlagDump | NetlinkAbi.FlagAck)) == 0)
                        {
                            return 0;
                        }

                        break;
                }
            }
        }
    }

    /// <summary><c>struct nlmsgerr</c>: a negative errno, the header (or whole) of the request, then attributes.</summary>
    private static int ReadError(NetlinkHeader header, ReadOnlySpan<byte> body, out string? text)
    {
        text = null;
        if (body.Length < sizeof(int) + NetlinkHeader.Size)
        {
            return Errno.IoError;
        }

        if ((header.Flags & NetlinkAbi.FlagAckAttributes) != 0)
        {
            var quoted = (header.Flags & NetlinkAbi.FlagCapped) != 0
                ? NetlinkHeader.Size
                : Padding.Up((int)Math.Min(MemoryMarshal.Read<NetlinkHeader>(body[sizeof(int)..]).Length, (uint)(body.Length - sizeof(int))));
            var attributes = new AttributeReader(body[Math.Min(sizeof(int) + quoted, body.Length)..]);
            while (attributes.TryNext(out var type, out var value))
            {
                if (type == NetlinkAbi.ErrorMessageText)
                {
                    text = AttributeValue.ToText(value);
                }
            }
        }

        return -MemoryMarshal.Read<int>(body);
    }
}
