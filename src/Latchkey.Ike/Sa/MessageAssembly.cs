using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>
/// Puts one message of the peer together from its fragments (RFC 7383 §2.6), each of which was verified. One message at a
/// time and bounded in size, because who has not authenticated yet can send fragments too.
/// </summary>
internal sealed class MessageAssembly
{
    private uint _id;
    private byte[]?[] _pieces = [];
    private PayloadType _first;

    /// <summary>Takes a fragment in; the whole when it was the last one missing.</summary>
    public (PayloadType First, byte[] Text)? Add(uint id, EncryptedPayload payload, byte[] text)
    {
        var fragment = payload.Fragment!.Value;
        // Another number of fragments for the same message: the peer has cut it smaller, and the former ones are void.
        if (id != _id || fragment.Total > _pieces.Length)
        {
            (_id, _pieces) = (id, fragment.Total <= IkeLimits.Fragments ? new byte[fragment.Total][] : []);
        }

        if (fragment.Total != _pieces.Length)
        {
            return null;
        }

        if (fragment.Number == 1)
        {
            _first = payload.FirstInner;
        }

        _pieces[fragment.Number - 1] ??= text;
        if (_pieces.Sum(piece => piece?.Length ?? 0) > IkeLimits.Assembled)
        {
            _pieces = [];
            return null;
        }

        if (_pieces.Any(piece => piece is null))
        {
            return null;
        }

        var whole = _pieces.SelectMany(piece => piece!).ToArray();
        _pieces = [];
        return (_first, whole);
    }
}
