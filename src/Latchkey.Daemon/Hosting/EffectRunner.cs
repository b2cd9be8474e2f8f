using Latchkey.Contract;
using Latchkey.Daemon.Pins;
using Latchkey.Engine;
using Latchkey.Wire;

namespace Latchkey.Daemon.Hosting;

/// <summary>Carries out one effect after the other; each is done when the call returns, because order is safety.</summary>
/// <param name="ipsecHosts">Records that a host has spoken IPsec; never waits.</param>
/// <param name="beforeNotice">Returns when whoever listens for the flow has been told what was raised.</param>
/// <param name="deliverToLost">Keeps these addresses within reach of our own packets.</param>
/// <param name="pathMoved">Sockets learn how much fits into a tunnel that moved.</param>
/// <param name="keys">Null unless the configuration exports keys.</param>
internal sealed class EffectRunner(
    IDatapath datapath, IIkeSender ike, IPinKeeper pins, Action<EngineEvent> raise, Action<InetAddress> ipsecHosts, Action<FlowKey> beforeNotice,
    Action<IReadOnlyCollection<InetAddress>> deliverToLost, Action<AddressPair, AddressPair> pathMoved, KeyExportFiles? keys)
{
    /// <summary>Whether an effect waits for an application, for rules or routes of the kernel, or for a disk.</summary>
    public static bool MayWait(Effect effect) => effect is NotifyFlow or ClearFlowOpened or DeliverToLostAddresses or ExportKeys;

    public void Run(Effect effect)
    {
        switch (effect)
        {
            case SendIke send:
                ike.Send(send.Local, send.Remote, send.Message);
                break;
            case SendNatKeepalive keepalive:
                ike.KeepAlive(keepalive.Local, keepalive.Remote);
                break;
            case InstallSa install:
                datapath.Install(install.Sa);
                break;
            case RemoveSa remove:
                datapath.Remove(remove.Direction, remove.Channel, remove.Spi);
                break;
            case MoveSa move:
                datapath.Move(move.Channel, move.Spi, move.Local, move.Remote, move.Encapsulation);
                break;
            case PathMoved moved:
                pathMoved(moved.Path, moved.Ends);
                break;
            case BindFlow bind:
                datapath.Bind(bind.Flow, bind.Channel);
                break;
            case FollowFlow follow:
                datapath.Follow(follow.Flow, follow.Idle);
                break;
            case ClearFlowOpened opened:
                datapath.Clear(opened.Flow);
                break;
            case RecordIpsecHost record:
                ipsecHosts(record.Host);
                break;
            case BlockFlow block:
                datapath.Block(block.Flow, block.Reason);
                break;
            case ForgetFlow forget:
                datapath.Forget(forget.Flow);
                break;
            case NotifyFlow notify:
                beforeNotice(notify.Flow);
                datapath.Notify(notify.Flow, notify.Notice);
                break;
            case DeliverToLostAddresses lost:
                deliverToLost(lost.Addresses);
                break;
            case RecordPin record:
                pins.Keep(record);
                break;
            case CountSighting sighting:
                pins.Count(sighting);
                break;
            case Raise raised:
                raise(raised.Event);
                break;
            case ExportKeys export:
                keys?.Append(export.Keys);
                break;
            default:
                throw new InvalidOperationException($"nobody carries out {effect.GetType().Name}");
        }
    }
}
