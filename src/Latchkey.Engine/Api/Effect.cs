using System.Collections.Immutable;
using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>What the engine wants done. Effects are carried out strictly in order: order is safety (RFC 5660 §2.3, L28).</summary>
public abstract record Effect
{
    private protected Effect()
    {
    }
}

/// <summary>Send an IKE message; from port 4500 with a non-ESP marker in front.</summary>
public sealed record SendIke(InetEndpoint Local, InetEndpoint Remote, byte[] Message) : Effect;

/// <summary>Send the one octet that keeps a NAT's mapping alive, from port 4500 and without a marker (RFC 3948 §2.3).</summary>
public sealed record SendNatKeepalive(InetEndpoint Local, InetEndpoint Remote) : Effect;

/// <summary><see cref="IDatapath.Install"/></summary>
public sealed record InstallSa(EspSa Sa) : Effect;

/// <summary><see cref="IDatapath.Remove"/></summary>
public sealed record RemoveSa(SaDirection Direction, ChannelId Channel, uint Spi) : Effect;

/// <summary><see cref="IDatapath.Move"/></summary>
public sealed record MoveSa(ChannelId Channel, uint Spi, InetEndpoint Local, InetEndpoint Remote, Encapsulation Encapsulation) : Effect;

/// <summary>What is sent into a tunnel that may move goes between these ends now: what fits into a packet may be another size.</summary>
public sealed record PathMoved(AddressPair Path, AddressPair Ends) : Effect;

/// <summary><see cref="IDatapath.Bind"/></summary>
public sealed record BindFlow(FlowKey Flow, ChannelId Channel) : Effect;

/// <summary><see cref="IDatapath.Follow"/></summary>
public sealed record FollowFlow(FlowKey Flow, TimeSpan Idle) : Effect;

/// <summary><see cref="IDatapath.Clear"/></summary>
public sealed record ClearFlowOpened(FlowKey Flow) : Effect;

/// <summary>Remember, beyond restarts and reboots, that a host has spoken IPsec.</summary>
public sealed record RecordIpsecHost(InetAddress Host) : Effect;

/// <summary><see cref="IDatapath.Block"/></summary>
public sealed record BlockFlow(FlowKey Flow, DropReason Reason) : Effect;

/// <summary><see cref="IDatapath.Forget"/></summary>
public sealed record ForgetFlow(FlowKey Flow) : Effect;

/// <summary><see cref="IDatapath.Notify"/></summary>
public sealed record NotifyFlow(FlowKey Flow, FlowNotice Notice) : Effect;

/// <summary>
/// From now on packets that we make reach sockets at exactly these addresses which the host has lost. Comes before the
/// notices for them.
/// </summary>
public sealed record DeliverToLostAddresses(ImmutableArray<InetAddress> Addresses) : Effect;

/// <summary>
/// Put a pin on stable storage and answer with <see cref="LatchEngine.HandlePinRecorded"/>, at once or later: the peer waits
/// for it.
/// </summary>
/// <param name="InPlaceOf">The key that is pinned there until now and vouches for this one; null: none is.</param>
public sealed record RecordPin(Pin Pin, PeerKey Key, KeyFingerprint? InPlaceOf) : Effect;

/// <summary>A pinned key made an IKE SA from its address: worth remembering, and nobody waits for it.</summary>
public sealed record CountSighting(InetAddress Address, PeerKey Key) : Effect;

/// <summary>Tell whoever listens.</summary>
public sealed record Raise(EngineEvent Event) : Effect;

/// <summary>Hand keys to a foreign dissector; only when that was switched on.</summary>
public sealed record ExportKeys(KeysExported Keys) : Effect;
