using Latchkey.Latching;

namespace Latchkey.Simulator;

/// <summary>
/// Something done to the world at a moment. Every action makes sense in every state, if only by doing nothing, so that
/// a schedule stays a schedule when any of its actions are left out.
/// </summary>
/// <param name="At">Virtual time since the beginning.</param>
public abstract record ScheduledAction(TimeSpan At)
{
    /// <summary>Does it. Numbers of hosts and sockets count modulo how many there are.</summary>
    public abstract void Apply(Stage stage);
}

/// <summary>An application connects to the service of another host.</summary>
/// <param name="FromTaken">From an address that the host took, if it has one.</param>
public sealed record Connect(TimeSpan At, int From, int To, bool FromTaken) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        var (from, to) = (stage.Host(From), stage.Host(To));
        if (from.IsUp && !from.Addresses.Contains(to.Plan.Address))
        {
            from.Sockets.Connect(FromTaken ? from.Addresses[^1] : from.Addresses[0], to.Plan.Address);
        }
    }
}

/// <summary>An application writes.</summary>
public sealed record Write(TimeSpan At, int Socket, uint Octets) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.OpenSocket(Socket)?.Write(Octets);
}

/// <summary>An application closes its socket.</summary>
public sealed record Close(TimeSpan At, int Socket) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.OpenSocket(Socket)?.Close();
}

/// <summary>A host is unplugged.</summary>
public sealed record Unplug(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        stage.World.Disturb(stage.Host(Host));
        stage.Host(Host).Detach();
    }
}

public sealed record PlugIn(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).Attach();
}

/// <summary>A host claims another's address; the other may be there still.</summary>
public sealed record TakeOver(TimeSpan At, int Host, int Victim) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        var (host, victim) = (stage.Host(Host), stage.Host(Victim));
        if (host != victim && host.Plan.Address.IsV4 == victim.Plan.Address.IsV4)
        {
            host.TakeOver(victim.Plan.Address);
        }
    }
}

public sealed record GiveBack(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).GiveBack();
}

public sealed record Crash(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).Crash();
}

public sealed record Boot(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).Boot();
}

public sealed record KillDaemon(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).KillDaemon();
}

public sealed record StopDaemon(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).StopDaemon();
}

public sealed record StartDaemon(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).StartDaemon();
}

/// <summary>A daemon is killed and started again at once.</summary>
public sealed record RestartDaemon(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        stage.Host(Host).KillDaemon();
        stage.Host(Host).StartDaemon();
    }
}

/// <summary>A host's latch journal cannot be read any more.</summary>
public sealed record DamageJournal(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).DamageJournal();
}

/// <summary>A host's latch journal cannot be written, or can be again.</summary>
public sealed record FillJournal(TimeSpan At, int Host, bool Full) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).FillJournal(Full);
}

/// <summary>Two hosts cannot reach each other.</summary>
public sealed record Partition(TimeSpan At, int One, int Other) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.World.Network.Partition(stage.Host(One), stage.Host(Other));
}

public sealed record HealPartitions(TimeSpan At) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.World.Network.HealPartitions();
}

public sealed record ChangeWeather(TimeSpan At, NetworkQuality Quality) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.World.Network.Quality = Quality;
}

/// <summary>An SA has used up its sequence numbers.</summary>
public sealed record WearOutSa(TimeSpan At, int Host, int Sa) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        if (stage.Host(Host).Daemon?.Datapath is { } datapath && datapath.Sas.ToArray() is { Length: > 0 } sas)
        {
            datapath.WearOut(sas[Sa % sas.Length]);
        }
    }
}

/// <summary>An administrator closes a latch.</summary>
public sealed record CloseLatch(TimeSpan At, int Host, int Latch) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        var host = stage.Host(Host);
        if (host.Daemon is { } daemon && daemon.Engine.Latches() is { Count: > 0 } latches)
        {
            var latch = latches[Latch % latches.Count];
            stage.World.Disturb(latch.Flow.Remote);
            daemon.CloseLatch(latch.Id);
        }
    }
}

/// <summary>An administrator changes the policy of a host.</summary>
public sealed record ChangePolicy(TimeSpan At, int Host, SecurityPolicy Policy) : ScheduledAction(At)
{
    public override void Apply(Stage stage) => stage.Host(Host).ChangePolicy(Policy);

    public override string ToString() =>
        $"ChangePolicy {{ At = {At}, Host = {Host}, {(Policy.Protect.IsEmpty ? "bypass" : Policy.Protect[0])}, known: {string.Join(", ", Policy.Peers.Select(peer => peer.Name))} }}";
}

/// <summary>An off-path attacker sends forged datagrams.</summary>
public sealed record Forge(TimeSpan At, int Datagrams) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        for (var i = 0; i < Datagrams; i++)
        {
            stage.Forger.Attack();
        }
    }
}

/// <summary>Who saw everything sends some of it again.</summary>
public sealed record Replay(TimeSpan At, int Datagrams) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        for (var i = 0; i < Datagrams; i++)
        {
            stage.Replayer.Attack();
        }
    }
}

/// <summary>A person pins an address to the key of the host it was given to at first, takes the pin back, or forgets it.</summary>
/// <param name="Change">0 pins, 1 unpins, 2 forgets.</param>
public sealed record ChangePin(TimeSpan At, int Host, int Peer, int Change) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        var (host, peer) = (stage.Host(Host), stage.Host(Peer));
        var address = peer.Plan.Address;
        if (host == peer || host.Daemon is not { } daemon)
        {
            return;
        }

        stage.World.Disturb(host);
        stage.World.Disturb(peer);
        daemon.ChangePins(address, pins => Change switch
        {
            0 => pins.With(new Pin(address, peer.Fingerprint, PinOrigin.Person)),
            1 => pins.Without(address),
            _ => pins.Forgetting(address),
        });
    }
}

/// <summary>A host's disk is full: nothing more is recorded there.</summary>
public sealed record FillDisk(TimeSpan At, int Host) : ScheduledAction(At)
{
    public override void Apply(Stage stage)
    {
        stage.World.Disturb(stage.Host(Host));
        stage.Host(Host).PinStore.IsFull = true;
    }
}
