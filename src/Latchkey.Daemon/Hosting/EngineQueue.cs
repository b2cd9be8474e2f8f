using Latchkey.Engine;

namespace Latchkey.Daemon.Hosting;

/// <summary>What waits for the engine, in order, and the bed of the thread that waits for it.</summary>
internal sealed class EngineQueue
{
    private readonly Queue<Message> _messages = new();
    private bool _woken;
    private int _questions;

    /// <summary>Whether a question waits; without a lock, as it is asked once for each batch of packets.</summary>
    public bool HasQuestions => Volatile.Read(ref _questions) > 0;

    /// <summary>Adds a message, and wakes the waiting thread unless it is a question.</summary>
    /// <returns>False when as many wait already; the message is not kept.</returns>
    public bool TryAdd(in Message message, int limit)
    {
        lock (_messages)
        {
            if (_messages.Count >= limit)
            {
                return false;
            }

            _messages.Enqueue(message);
            if (message.IsQuestion)
            {
                _questions++;
            }
            else
            {
                Wake();
            }

            return true;
        }
    }

    /// <param name="onlyQuestion">Takes nothing when the first is no question.</param>
    public bool TryTake(bool onlyQuestion, out Message message)
    {
        lock (_messages)
        {
            if (!_messages.TryPeek(out message) || (onlyQuestion && !message.IsQuestion))
            {
                return false;
            }

            _messages.Dequeue();
            if (message.IsQuestion)
            {
                _questions--;
            }

            return true;
        }
    }

    /// <summary>Ends the present <see cref="Wait"/>, or the next.</summary>
    public void Wake()
    {
        lock (_messages)
        {
            _woken = true;
            Monitor.Pulse(_messages);
        }
    }

    /// <summary>Waits for <see cref="Wake"/>, or for the time to pass.</summary>
    /// <param name="timeoutMilliseconds">-1 waits for ever.</param>
    public void Wait(int timeoutMilliseconds)
    {
        lock (_messages)
        {
            if (!_woken)
            {
                Monitor.Wait(_messages, timeoutMilliseconds);
            }

            _woken = false;
        }
    }
}

/// <param name="IsQuestion">A packet is held up until it is answered.</param>
internal readonly record struct Message(Action<LatchEngine, TimeSpan> Run, bool IsQuestion = false);
