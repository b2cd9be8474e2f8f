using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Engine;

/// <summary>
/// The one loop that joins IKE and latching. Deterministic and single-threaded: time, datagrams, questions of the
/// datapath and commands go in, ordered effects come out.
/// </summary>
/// <remarks>After every call: carry out what <see cref="TryTakeEffect"/> gives, in order, then look at
/// <see cref="NextDeadline"/>.</remarks>
public sealed partial class LatchEngine : IDisposable
{
    private readonly EngineState _state;
    private readonly LatchRecorder _recorder;
    private readonly LatchBreaker _breaker;
    private readonly Negotiations _negotiations;
    private readonly Detection _detection;
    private readonly Reauthentication _reauthentication;
    private readonly ClearAdmission _clear;
    private readonly Restarts _restarts;
    private readonly FlowAdmission _flows;
    private readonly FirstUse _firstUse;
    private readonly PeerAdmission _peers;
    private readonly SaLifecycle _sas;
    private readonly PolicyChange _policy;
    private readonly Resumption _resumption;
    private readonly Restoration _restoration;
    private readonly ApplicationWishes _wishes;
    private readonly Moves _moves;
    private readonly Roaming _roaming;
    private readonly LostAddresses _lost;
    private readonly SnapshotBuilder _snapshots;

    /// <summary>Address pairs whose SAs changed during the current call.</summary>
    private readonly HashSet<AddressPair> _changed = [];

    /// <param name="journal">Where latches are written down; null for latches that need not outlive the engine.</param>
    public LatchEngine(EngineSettings settings, SecurityPolicy policy, SigningKey identity, IRandomSource random, ILatchJournal? journal = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(random);
        _state = new EngineState(settings, policy, identity, random);
        _recorder = new LatchRecorder(_state, journal ?? new NoJournal());
        _breaker = new LatchBreaker(_state, _recorder);
        _clear = new ClearAdmission(_state);
        _negotiations = new Negotiations(_state, _breaker, _clear);
        _detection = new Detection(_state, _negotiations, _breaker);
        _reauthentication = new Reauthentication(_state, _negotiations, _breaker);
        _flows = new FlowAdmission(_state, _negotiations, _clear, _recorder, _breaker);
        _firstUse = new FirstUse(_state);
        _restarts = new Restarts(_state, _breaker, _negotiations);
        _peers = new PeerAdmission(_state, _breaker, _detection, _firstUse, _restarts);
        _sas = new SaLifecycle(_state);
        _policy = new PolicyChange(_state, _breaker, _flows, _negotiations, _peers, _clear);
        _resumption = new Resumption(_state, _negotiations);
        _restoration = new Restoration(_state, _recorder, _breaker, _resumption);
        _wishes = new ApplicationWishes(_state, _negotiations, _breaker, _recorder);
        _moves = new Moves(_state, _recorder);
        _roaming = new Roaming(_state, _resumption, _breaker);
        _lost = new LostAddresses(_state, _breaker, _roaming);
        _snapshots = new SnapshotBuilder(_state);
    }

    /// <summary>When <see cref="HandleDeadline"/> wants to be called next, or null.</summary>
    public TimeSpan? NextDeadline => Earliest(Earliest(_state.Ike.NextDeadline, _sas.NextDeadline), Earliest(_resumption.NextDeadline, _lost.NextDeadline));

    public SecurityPolicy Policy => _state.Policy;

    /// <summary>Which life of this host it speaks from, to be set before the first peer is met; null: peers are told nothing.</summary>
    public BirthCertificate? Birth
    {
        get => _state.Ike.Birth;
        set => _state.Ike.Birth = value;
    }

    /// <summary>How known peers and this host prove themselves, by the peers' names; who is not in it does so by bare public keys.</summary>
    public IReadOnlyDictionary<string, PeerCredentials> Credentials
    {
        get => _state.Credentials;
        set => _state.Credentials = value;
    }

    /// <summary>Keeps floods of first messages away from the engine; any thread may ask it.</summary>
    public InitGate Gate => _state.Ike.Gate;

    /// <summary>IKE datagrams dropped, by reason. Any thread may look.</summary>
    public IReadOnlyDictionary<IkeDropReason, long> IkeDrops => _state.Ike.Drops;

    /// <summary>Why latches are not written down at present, and new ones refused; null when they are.</summary>
    public string? JournalFailure => _recorder.Failure;

    public void HandleDeadline(TimeSpan now)
    {
        _sas.HandleDeadline(now);
        _resumption.HandleDeadline(now);
        _lost.HandleDeadline(now);
        _state.Ike.HandleDeadline(now);
        Settle(now);
    }

    public bool TryTakeEffect([NotNullWhen(true)] out Effect? effect) => _state.Effects.TryTake(out effect);

    /// <summary>Says goodbye: Deletes for every IKE SA (best effort). Latched flows stay blocked behind us.</summary>
    public void Shutdown(TimeSpan now)
    {
        foreach (var peering in _state.Peerings.Values.ToList())
        {
            _state.Ike.DeleteIkeSa(now, peering.Handle, CloseReason.DeletedLocally, "the daemon stops", tellPeer: peering.Established);
        }

        Settle(now);
    }

    public void Dispose() => _state.Ike.Dispose();

    private static TimeSpan? Earliest(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;

    /// <summary>Handles what the IKE core says, until it has nothing more to say: answers cause further outputs.</summary>
    private void Settle(TimeSpan now)
    {
        do
        {
            while (_state.Ike.TryTakeOutput(out var output))
            {
                Handle(now, output);
            }
        }
        while (_policy.EndKept(now));

        _sas.UseWhatIsLeft();
        // Judged when all is done: in the middle of a break the old peer's SAs go one by one, and each is followed by a
        // moment in which the broken latch seems to stand unopposed.
        foreach (var pair in _changed)
        {
            _breaker.RestoreWherePossible(now, pair);
        }

        _changed.Clear();
    }
}
