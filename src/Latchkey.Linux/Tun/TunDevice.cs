using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;

namespace Latchkey.Linux.Tun;

/// <summary>
/// A TUN device: the kernel's IP packets come out of <see cref="Receive"/>, and what <see cref="Send"/> writes arrives
/// in the kernel as if from a wire. It has no address, carries bare IP packets, and is gone when the process is.
/// Where the kernel can, one packet stands for a whole row of segments, and checksums are left to the reader
/// (<see cref="PacketSlot.Offload"/>).
/// </summary>
/// <remarks>
/// Until the daemon reads it, it holds up to 1,000 packets and drops the rest. A slot's <see cref="PacketSlot.Local"/> and
/// <see cref="PacketSlot.Remote"/> are left alone.
/// </remarks>
public sealed class TunDevice : IPacketDevice
{
    public const string DefaultName = "latchkey0";

    /// <summary>A super-segment at its largest.</summary>
    private const int LargestPacket = ushort.MaxValue;

    /// <summary>More than the kernel's 500, which a hundred busy connections overrun; at worst 64 MiB of super-segments.</summary>
    private const int QueueLength = 1000;

    private const uint TcpOffloads = IfTun.OffloadChecksum | IfTun.OffloadTcp4 | IfTun.OffloadTcp6 | IfTun.OffloadTcpEcn;

    private readonly FileDescriptor _device;
    private readonly WakeUp _wakeUp;
    private readonly BusyPoll _busyPoll;
    private readonly NetlinkSocket _netlink;

    /// <summary>Octets in front of every packet that are read and written.</summary>
    private int _headerSize;

    /// <summary>Makes the device and brings it up.</summary>
    /// <param name="mtu">
    /// Octets of the largest packet, at least 1280 (RFC 8200 §5); batches given to <see cref="Receive"/> need slots of
    /// that size, or of 65,535 octets with <paramref name="offload"/>. The MTU of the routes into the device does the real
    /// limiting.
    /// </param>
    /// <param name="offload">Ask for super-segments; what the kernel refuses is in <see cref="Degraded"/>.</param>
    /// <exception cref="LinuxException">No right, no /dev/net/tun, or the name is taken by another process.</exception>
    public TunDevice(int mtu, string name = DefaultName, bool offload = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mtu, 1280);
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Mtu = mtu;
        _wakeUp = new WakeUp();
        _busyPoll = new BusyPoll(Drain, TimeProvider.System);
        _netlink = new NetlinkSocket(NetlinkAbi.Route);
        _device = Libc.Open("/dev/net/tun", Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec);
        try
        {
            if (_device.IsInvalid)
            {
                throw LinuxException.Last("cannot open /dev/net/tun");
            }

            Attach(offload);
            var links = new Links(_netlink);
            var link = links.Find(name) ?? throw new LinuxException($"the device {name} vanished as soon as it was made");
            Index = link.Index;
            links.SetMtu(link, mtu);
            links.SetTransmitQueue(link, QueueLength);
            links.TryWithoutAutomaticAddress(link);
            links.SetUp(link);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    public int Mtu { get; }

    public bool CutsTcp { get; private set; }

    public bool CutsUdp { get; private set; }

    /// <summary>What was asked for and the kernel does not have.</summary>
    public IReadOnlyList<string> Degraded { get; private set; } = [];

    /// <summary>The interface's index in its network namespace.</summary>
    public int Index { get; }

    public long Overflowed
    {
        get
        {
            lock (_netlink)
            {
                return new Links(_netlink).TransmitDropped(Index);
            }
        }
    }

    public int Receive(PacketBatch batch, int timeoutMilliseconds)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var largest = CutsTcp ? LargestPacket : Mtu;
        if (batch.PacketSize < largest)
        {
            throw new ArgumentException($"packets of {Name} have up to {largest} octets, slots only {batch.PacketSize}", nameof(batch));
        }

        batch.Clear();
        if (Drain(batch) == 0 && !(timeoutMilliseconds > 0 && _busyPoll.LookAgain(batch) > 0) && _wakeUp.WaitReadable([_device], timeoutMilliseconds))
        {
            Drain(batch);
        }

        return batch.Count;
    }

    public unsafe int Send(PacketGather packets)
    {
        ArgumentNullException.ThrowIfNull(packets);
        var vectors = stackalloc IoVector[PacketGather.MaximumPieces + 1];
        VirtioNetHeader header;
        vectors[0] = new IoVector { Base = (byte*)&header, Length = VirtioNetHeader.Size };
        var refused = 0;
        for (var i = 0; i < packets.Count; i++)
        {
            var pieces = packets.Pieces(i);
            var total = 0;
            for (var j = 0; j < pieces.Length; j++)
            {
                // The slabs are pinned: an address stays what it is.
                var octets = pieces[j].Octets;
                vectors[j + 1] = new IoVector { Base = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(octets)), Length = (nuint)octets.Length };
                total += octets.Length;
            }

            header = VirtioHeader.Write(packets.Offload(i), isV6: vectors[1].Base[0] >> 4 == 6);
            var written = _headerSize > 0
                ? Libc.WriteGathered(_device, vectors, pieces.Length + 1)
                : Libc.WriteGathered(_device, vectors + 1, pieces.Length);
            if (written != _headerSize + total)
            {
                refused++;
            }
        }

        return refused;
    }

    public void Interrupt() => _wakeUp.Signal();

    public void Dispose()
    {
        _device.Dispose();
        _wakeUp.Dispose();
        _netlink.Dispose();
    }

    private void Attach(bool offload)
    {
        if (Encoding.UTF8.GetByteCount(Name) >= InterfaceName.Size)
        {
            throw new LinuxException($"'{Name}' is too long for an interface: at most {InterfaceName.Size - 1} octets");
        }

        if (offload && TryAttach(IfTun.VirtioHeader))
        {
            _headerSize = VirtioNetHeader.Size;
            CutsUdp = TrySetOffload(TcpOffloads | IfTun.OffloadUdp4 | IfTun.OffloadUdp6);
            CutsTcp = CutsUdp || TrySetOffload(TcpOffloads);
        }
        else if (!TryAttach(0))
        {
            throw LinuxException.Last($"cannot make the TUN device {Name}");
        }

        if (offload && !CutsUdp)
        {
            Degraded = [$"{Name} carries {(CutsTcp ? "UDP" : "all")} packets one by one: the kernel has no segmentation offload for them"];
        }
    }

    private unsafe bool TryAttach(short flags)
    {
        var request = new InterfaceRequest { Flags = (short)(IfTun.Tun | IfTun.NoPacketInformation | flags) };
        Encoding.UTF8.GetBytes(Name, request.Name);
        return Libc.Ioctl(_device, IfTun.SetInterface, &request) == 0;
    }

    private unsafe bool TrySetOffload(uint flags) => Libc.Ioctl(_device, IfTun.SetOffload, (void*)flags) == 0;

    private unsafe int Drain(PacketBatch batch)
    {
        var count = 0;
        fixed (byte* slab = batch.Slab)
        {
            while (count < batch.Capacity)
            {
                ref var slot = ref batch[count];
                var packet = slab + batch.Position(count);
                var read = Libc.Read(_device, packet - _headerSize, batch.PacketSize + _headerSize) - _headerSize;
                if (read <= 0)
                {
                    if (read == -1 - _headerSize && count == 0 && Marshal.GetLastPInvokeError() is not (Errno.Again or Errno.Interrupted) and var error)
                    {
                        throw new LinuxException($"cannot read from {Name}", error);
                    }

                    break;
                }

                slot.Length = (int)read;
                slot.Offload = _headerSize > 0 ? VirtioHeader.Read(*(VirtioNetHeader*)(packet - _headerSize)) : default;
                count++;
            }
        }

        batch.Count = count;
        return count;
    }
}
