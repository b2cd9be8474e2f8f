using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>A protected request of ours: what it says, and what its answer means.</summary>
internal abstract class OutgoingRequest
{
    public abstract ExchangeType Exchange { get; }

    /// <summary>What to send, at the moment when its turn comes; null when there is no point any more.</summary>
    public abstract IReadOnlyList<IkePayload>? Build(Generation generation);

    public abstract void HandleAnswer(Generation generation, PayloadSet answer);

    /// <summary>The IKE SA ended before an answer came. Called at most once, and never after <see cref="HandleAnswer"/>.</summary>
    public virtual void Abandon(CloseReason reason, string text)
    {
    }
}
