using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Our requests under one generation of an IKE SA: one at a time with rising message ids (RFC 7296 §2.3, window of one),
/// the others wait their turn.
/// </summary>
internal sealed class RequestWindow(HostContext context, Generation generation)
{
    private readonly Queue<OutgoingRequest> _waiting = new();
    private OutgoingRequest? _request;
    private uint _nextId = generation.FirstRequestId;

    /// <summary>The request under way, or null.</summary>
    public Transmission? Outstanding { get; private set; }

    public bool IsChildExchangeUnderWay => _request is CreateChildRequest;

    public void Enqueue(OutgoingRequest request)
    {
        _waiting.Enqueue(request);
        SendNext();
    }

    /// <summary>True when an answer with this id and exchange is waited for.</summary>
    public bool Awaits(uint id, ExchangeType exchange) => _request is not null && id == _nextId - 1 && exchange == _request.Exchange;

    /// <summary>Takes the answer to the request under way; <see cref="Awaits"/> was true.</summary>
    public void HandleAnswer(PayloadSet answer)
    {
        var (request, transmission) = (_request!, Outstanding!);
        transmission.Stop();
        (_request, Outstanding) = (null, null);
        generation.Sa.NoteAnswer(transmission, plain: request.Exchange == ExchangeType.Informational);
        request.HandleAnswer(generation, answer);
        SendNext();
    }

    /// <summary>Hands what waits to the generation that follows this one.</summary>
    public void MoveWaitingTo(RequestWindow next)
    {
        while (_waiting.TryDequeue(out var request))
        {
            next.Enqueue(request);
        }
    }

    /// <summary>
    /// The IKE SA ended: every request is told. What is under way stays on the wire, because its answer opens the window
    /// for a Delete, but means nothing any more.
    /// </summary>
    public void AbandonAll(CloseReason reason, string text)
    {
        var abandoned = _waiting.ToList();
        _waiting.Clear();
        if (_request is { } request)
        {
            abandoned.Insert(0, request);
            _request = new ForgottenRequest(request.Exchange);
        }

        abandoned.ForEach(r => r.Abandon(reason, text));
    }

    public void Stop()
    {
        Outstanding?.Stop();
        (_request, Outstanding) = (null, null);
        _waiting.Clear();
    }

    private void SendNext()
    {
        while (Outstanding is null && !generation.IsDisposed && _waiting.TryDequeue(out var request))
        {
            if (request.Build(generation) is not { } payloads)
            {
                continue;
            }

            _request = request;
            var header = IkeHeader.ForRequest(generation.SpiI, generation.SpiR, request.Exchange, generation.WeInitiated, _nextId++);
            var schedule = RetransmitSchedule.For(context.Settings, generation.Sa.RoundTrip.Timeout);
            Outstanding = new Transmission(context, generation.Sa, generation.Seal(header, payloads), schedule, generation.PeerIsSilent);
            Outstanding.Start();
        }
    }

    private sealed class ForgottenRequest(ExchangeType exchange) : OutgoingRequest
    {
        public override ExchangeType Exchange => exchange;

        public override IReadOnlyList<IkePayload>? Build(Generation generation) => null;

        public override void HandleAnswer(Generation generation, PayloadSet answer)
        {
        }
    }
}
