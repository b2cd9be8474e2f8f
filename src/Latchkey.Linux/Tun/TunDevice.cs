using System.Runtime.InteropServices;
using System.Text;
using Latchkey.Contract;
using Latchkey.Linux.Native;
using Latchkey.Linux.Netlink;

namespace Latchkey.Linux.Tun;

/// <summary>
/// A TUN device: the kernel's IP packets come out of <see cref="Receive"/>, and what <see cref="Send"/> writes arrives
/// in the kernel as if from a wire. It has no address, carries bare IP packets, and is gone when the process is.
/// </summary>
/// <remarks>
/// Until the daemon reads it, it holds up to 500 packets and drops the rest. A slot's <see cref="PacketSlot.Local"/> and
/// <see cref="PacketSlot.Remote"/> are left alone.
/// </remarks>
public sealed class TunDevice : IPacketLink
{
    public const string DefaultName = "latchkey0";

    private readonly FileDescriptor _device;
    private readonly WakeUp _wakeUp;

    /// <summary>Makes the device and brings it up.</summary>
    /// <param name="mtu">
    /// Octets of the largest packet, at least 1280 (RFC 8200 §5); batches given to <see cref="Receive"/> need slots of
    /// that size. The MTU of the routes into the device does the real limiting.
    /// </param>
    /// <exception cref="LinuxException">No right, no /dev/net/tun, or the name is taken by another process.</exception>
    public TunDevice(int mtu, string name = DefaultName)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mtu, 1280);
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Mtu = mtu;
        _wakeUp = new WakeUp();
        _device = Libc.Open("/dev/net/tun", Libc.ReadWrite | Libc.NonBlocking | Libc.CloseOnExec);
        try
        {
            if (_device.IsInvalid)
            {
                throw LinuxException.Last("cannot open /dev/net/tun");
            }

            Attach();
            using var netlink = new NetlinkSocket(NetlinkAbi.Route);
            var links = new Links(netlink);
            var link = links.Find(name) ?? throw new LinuxException($"the device {name} vanished as soon as it was made");
            Index = link.Index;
            links.SetMtu(link, mtu);
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

    /// <summary>The interface's index in its network namespace.</summary>
    public int Index { get; }

    public int Receive(PacketBatch batch, int timeoutMilliseconds)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.PacketSize < Mtu)
        {
            throw new ArgumentException($"packets of {Name} have up to {Mtu} octets, slots only {batch.PacketSize}", nameof(batch));
        }

        batch.Clear();
        var count = Drain(batch);
        if (count == 0 && _wakeUp.WaitReadable([_device], timeoutMilliseconds))
        {
            count = Drain(batch);
        }

        return count;
    }

    public unsafe void Send(PacketBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        for (var i = 0; i < batch.Count; i++)
        {
            var data = batch.Data(i);
            if (data.IsEmpty)
            {
                continue;
            }

            fixed (byte* bytes = data)
            {
                batch[i].SendResult = Libc.Write(_device, bytes, data.Length) == data.Length ? 0 : -1;
            }
        }
    }

    public void Interrupt() => _wakeUp.Signal();

    public void Dispose()
    {
        _device.Dispose();
        _wakeUp.Dispose();
    }

    private unsafe void Attach()
    {
        var request = new InterfaceRequest { Flags = IfTun.Tun | IfTun.NoPacketInformation };
        if (Encoding.UTF8.GetByteCount(Name) >= InterfaceName.Size)
        {
            throw new LinuxException($"'{Name}' is too long for an interface: at most {InterfaceName.Size - 1} octets");
        }

        Encoding.UTF8.GetBytes(Name, request.Name);
        if (Libc.Ioctl(_device, IfTun.SetInterface, &request) != 0)
        {
            throw LinuxException.Last($"cannot make the TUN device {Name}");
        }
    }

    private unsafe int Drain(PacketBatch batch)
    {
        var count = 0;
        fixed (byte* slab = batch.Slab)
        {
            while (count < batch.Capacity)
            {
                ref var slot = ref batch[count];
                var read = Libc.Read(_device, slab + (count * batch.SlotSize) + slot.Offset, batch.PacketSize);
                if (read <= 0)
                {
                    if (read < 0 && count == 0 && Marshal.GetLastPInvokeError() is not (Errno.Again or Errno.Interrupted) and var error)
                    {
                        throw new LinuxException($"cannot read from {Name}", error);
                    }

                    break;
                }

                slot.Length = (int)read;
                count++;
            }
        }

        batch.Count = count;
        return count;
    }
}
