using Latchkey.Crypto;
using Latchkey.Daemon.Control;
using Latchkey.Daemon.Hosting;
using Latchkey.Daemon.Reports;
using Latchkey.Daemon.State;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Pins;

/// <summary>
/// What people do to pins: first it is recorded, then it is in force. In between nothing can slip in that a person did not
/// want: the engine judges every latch anew when the change takes effect.
/// </summary>
/// <param name="hosts">Who has spoken IPsec; forgotten with everything else that is known of an address.</param>
internal sealed class PinDesk(EngineLoop loop, PinKeeper keeper, IpsecHostStore hosts)
{
    /// <summary><c>latchkey pin</c></summary>
    /// <exception cref="RefusedException">The message says why, and what helps.</exception>
    public async Task<PinChangeReport> PinAsync(InetAddress address, KeyFingerprint? wanted, bool close, CancellationToken cancellation)
    {
        var decision = await loop.AskAsync((engine, _) => PinDecision.Of(engine.Policy, address, wanted, close, engine.KeysAt(address)), cancellation).ConfigureAwait(false);
        if (decision is PinDecision.Refused refused)
        {
            throw new RefusedException(refused.Problem, refused.Remedy);
        }

        var (pin, key) = (PinDecision.Set)decision;
        return await ChangeAsync(
            store => store.Set(pin, key), pins => pins.With(pin), address, pin.Key, $"{pin.Key} is pinned to {address} by a person; no other key is let in there", cancellation).ConfigureAwait(false);
    }

    /// <summary><c>latchkey unpin</c></summary>
    /// <exception cref="RefusedException"><inheritdoc cref="PinAsync"/></exception>
    public async Task<PinChangeReport> UnpinAsync(InetAddress address, CancellationToken cancellation)
    {
        if (await loop.AskAsync((engine, _) => engine.Policy.Pins.At(address), cancellation).ConfigureAwait(false) is not { } pin)
        {
            throw new RefusedException($"no key is pinned to {address}", "see 'latchkey peers'");
        }

        return await ChangeAsync(
            store => store.Unpin(address), pins => pins.Without(address), address, pin.Key,
            $"{pin.Key} is no longer pinned to {address}; who may speak for it is up to 'trust' again", cancellation).ConfigureAwait(false);
    }

    /// <summary><c>latchkey forget</c></summary>
    /// <exception cref="RefusedException"><inheritdoc cref="PinAsync"/></exception>
    public async Task<PinChangeReport> ForgetAsync(InetAddress address, CancellationToken cancellation)
    {
        var pin = await loop.AskAsync((engine, _) => engine.Policy.Pins.At(address), cancellation).ConfigureAwait(false);
        return await ChangeAsync(
            store =>
            {
                store.Forget(address);
                hosts.Forget(address);
            },
            pins => pins.Forgetting(address), address, pin?.Key,
            $"Everything known of {address} is forgotten; who may speak for it is up to 'trust' again", cancellation,
            engine => engine.ForgetIpsecHost(address)).ConfigureAwait(false);
    }

    /// <summary>Every pin; without sightings when the store cannot be read.</summary>
    public async Task<IReadOnlyList<PinRecord>> ListAsync(CancellationToken cancellation) =>
        await keeper.ListAsync(cancellation).ConfigureAwait(false)
        ?? await loop.AskAsync(
            (engine, _) => engine.Policy.Pins.All.OrderBy(pin => pin.Address).Select(pin => new PinRecord(pin, null, null, 0)).ToList(), cancellation).ConfigureAwait(false);

    private async Task<PinChangeReport> ChangeAsync(
        Action<PinStore> record, Func<PinSet, PinSet> change, InetAddress address, KeyFingerprint? key, string text, CancellationToken cancellation, Action<Engine.LatchEngine>? also = null)
    {
        try
        {
            await keeper.ChangeAsync(record, cancellation).ConfigureAwait(false);
        }
        catch (StateException e)
        {
            throw new RefusedException($"nothing was changed, because it cannot be recorded: {e.Message}", "free its disk or restore the file, and try again");
        }

        // What is recorded must come into force, whoever stopped listening.
        var closed = await loop.AskAsync(
            (engine, now) =>
            {
                also?.Invoke(engine);
                return engine.ChangePins(now, address, change, text);
            },
            CancellationToken.None).ConfigureAwait(false);
        return new PinChangeReport(address.ToString(), key?.ToString(), closed, text);
    }
}
