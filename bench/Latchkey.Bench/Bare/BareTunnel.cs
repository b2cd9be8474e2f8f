using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Wire;

namespace Latchkey.Bench.Bare;

/// <summary>
/// A tunnel that makes the system calls of Latchkey's datapath, by the same classes and in the same batches, encrypts by the same library,
/// and does nothing else: no parsing, no flows, no latches, no replay window, no checksums, no rules in the kernel. So it shows what
/// those leave to a datapath of this shape on the machine at hand, as far as runs do not differ. It protects nothing: its key is known.
/// </summary>
/// <remarks>
/// A packet of the device is cut into pieces, and each piece becomes a datagram: a header, the ciphertext, the ICV. Those of one packet
/// lie in one train, and short packets share one.
/// </remarks>
internal sealed class BareTunnel : IDisposable
{
    /// <summary>Octets of the largest packet the device may give, so that all of it fits one train.</summary>
    public const int LargestPacket = 60_000;

    private const int PieceOctets = 1400;
    private const int BatchSize = 64;

    // As Latchkey's own (Departures).
    private const int Trains = 16;
    private const int DatagramsOfTrain = 64;
    private const int OctetsOfTrain = 65_507;

    private static readonly AeadAlgorithm Cipher = Algorithms.FindAead(20, 256)!;
    private static readonly int Overhead = Head.Octets + Cipher.IcvLength;

    private readonly IPacketDevice _device;
    private readonly IPacketLink _link;
    private readonly InetEndpoint _local;
    private readonly InetEndpoint _remote;
    private readonly AeadKey _sealing = KnownKey();
    private readonly AeadKey _opening = KnownKey();
    private readonly PacketBatch _departing = new(Trains, ushort.MaxValue);
    private readonly PacketGather _arrived = new(DatagramsOfTrain, DatagramsOfTrain);
    private ulong _number;
    private int _datagrams;

    public BareTunnel(IPacketDevice device, IPacketLink link, InetEndpoint local, InetEndpoint remote) =>
        (_device, _link, _local, _remote) = (device, link, local, remote);

    /// <summary>Both directions, until the process is ended.</summary>
    public void Run()
    {
        var receiving = new Thread(() => Serve(_link, Receive));
        receiving.Start();
        Serve(_device, batch =>
        {
            while (!_link.WaitForRoom(1000))
            {
            }

            Send(batch);
        });
    }

    /// <summary>Sends what the device gave.</summary>
    public void Send(PacketBatch packets)
    {
        for (var i = 0; i < packets.Count; i++)
        {
            var packet = packets.Data(i);
            for (var at = 0; at < packet.Length; at += PieceOctets)
            {
                var piece = packet.Slice(at, Math.Min(PieceOctets, packet.Length - at));
                Seal(piece, new Head(++_number, packets[i].Offload, BeginsPacket: at == 0), packet.Length - at);
            }
        }

        Depart();
    }

    /// <summary>Gives the device what came.</summary>
    public void Receive(PacketBatch trains)
    {
        for (var i = 0; i < trains.Count; i++)
        {
            var size = trains[i].Packets == 1 ? trains[i].Length : trains[i].SegmentSize;
            for (var at = 0; at < trains[i].Length; at += size)
            {
                Open(trains, trains.Position(i) + at, Math.Min(size, trains[i].Length - at));
            }

            _device.Send(_arrived);
            _arrived.Clear();
        }
    }

    public void Dispose()
    {
        _sealing.Dispose();
        _opening.Dispose();
    }

    private static void Serve(IPacketSource source, Action<PacketBatch> process)
    {
        var batch = new PacketBatch(BatchSize, ushort.MaxValue);
        while (true)
        {
            if (source.Receive(batch, 1000) > 0)
            {
                process(batch);
                Thread.Yield();
            }
        }
    }

    /// <param name="left">Octets of the packet from this piece on.</param>
    private void Seal(ReadOnlySpan<byte> piece, Head head, int left)
    {
        var length = Overhead + piece.Length;
        if (!Fits(length, left, (left + PieceOctets - 1) / PieceOctets))
        {
            if (_departing.Count == Trains)
            {
                Depart();
            }

            _departing[_departing.Count++] = new PacketSlot { Offset = PacketBatch.Headroom, Local = _local, Remote = _remote, SegmentSize = length };
            _datagrams = 0;
        }

        ref var train = ref _departing[_departing.Count - 1];
        var datagram = _departing.Room(_departing.Count - 1).Slice(train.Offset + train.Length, length);
        var icvAt = length - Cipher.IcvLength;
        MemoryMarshal.Write(datagram, head);
        _sealing.Encrypt(datagram[..Cipher.IvLength], datagram[Cipher.IvLength..Head.Octets], piece, datagram[Head.Octets..icvAt], datagram[icvAt..]);
        train.Length += length;
        _datagrams++;
    }

    /// <param name="length">Octets of the datagram.</param>
    /// <param name="left">Octets of the packet from it on, and in how many datagrams they go.</param>
    private bool Fits(int length, int left, int datagrams)
    {
        if (_departing.Count == 0)
        {
            return false;
        }

        ref var train = ref _departing[_departing.Count - 1];
        return length <= train.SegmentSize && train.Length % train.SegmentSize == 0
            && _datagrams < DatagramsOfTrain && train.Length + left + (datagrams * Overhead) <= OctetsOfTrain;
    }

    private void Depart()
    {
        _link.Send(_departing);
        _departing.Clear();
    }

    private void Open(PacketBatch trains, int position, int length)
    {
        var datagram = trains.Slab.AsSpan(position, length);
        var head = MemoryMarshal.Read<Head>(datagram);
        var icvAt = length - Cipher.IcvLength;
        if (!_opening.TryDecrypt(datagram[..Cipher.IvLength], datagram[Cipher.IvLength..Head.Octets], datagram[Head.Octets..icvAt], datagram[icvAt..]))
        {
            throw new InvalidOperationException("a datagram was not what the other end had sent; nobody else is to send here");
        }

        if (head.BeginsPacket)
        {
            _arrived.Begin();
            _arrived.Leave(head.Offload);
        }

        _arrived.Add(new(trains.Slab, position + Head.Octets, icvAt - Head.Octets));
    }

    private static AeadKey KnownKey() => Cipher.CreateKey(new byte[Cipher.KeyMaterialLength]);

    /// <summary>In front of each datagram: its number, which is the explicit IV, and what a device left to do with its packet.</summary>
    private readonly record struct Head(ulong Number, PacketOffload Offload, bool BeginsPacket)
    {
        public static readonly int Octets = Unsafe.SizeOf<Head>();
    }
}
