using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// The peer's requests under one generation of an IKE SA: the next is answered once, the last is answered again with the
/// same octets, all others are outside the window (RFC 7296 §2.1, §2.3).
/// </summary>
internal sealed class ResponseWindow(uint firstId)
{
    private uint _expected = firstId;
    private IReadOnlyList<byte[]>? _lastResponse;

    public enum Verdict
    {
        /// <summary>Serve it: <see cref="Begin"/>.</summary>
        New,

        /// <summary>It is being served; the answer takes time.</summary>
        BeingAnswered,

        /// <summary>Send the last response again.</summary>
        Repeated,

        Outside,
    }

    /// <summary>The request being served, or null.</summary>
    public IkeHeader? Serving { get; private set; }

    public InetEndpoint Local { get; private set; }

    public InetEndpoint Remote { get; private set; }

    /// <summary>One datagram, or several.</summary>
    public IReadOnlyList<byte[]>? LastResponse => _lastResponse;

    public Verdict Judge(uint id) => id switch
    {
        _ when id == _expected => Serving is null ? Verdict.New : Verdict.BeingAnswered,
        _ when id == _expected - 1 && _lastResponse is not null => Verdict.Repeated,
        _ => Verdict.Outside,
    };

    public void Begin(IkeHeader request, InetEndpoint local, InetEndpoint remote)
    {
        Serving = request;
        Local = local;
        Remote = remote;
    }

    /// <summary>As if the request had not come: it is not answered, and new again when the peer repeats it.</summary>
    public void Postpone() => Serving = null;

    public void Complete(IReadOnlyList<byte[]> response)
    {
        _lastResponse = response;
        Serving = null;
        _expected++;
    }
}
