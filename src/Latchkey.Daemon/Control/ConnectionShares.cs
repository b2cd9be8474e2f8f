using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Daemon.Control;

/// <summary>
/// How many connections to the control socket each user may hold. Who has his share gives up the one that has been idle
/// longest; if all of them are busy the newcomer is refused. So nobody can keep anybody else out, and least of all root.
/// </summary>
internal sealed class ConnectionShares
{
    public const int OfRoot = 256;

    public const int OfOneUser = 32;

    /// <summary>Of all users but root together.</summary>
    public const int OfAllUsers = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, LinkedList<ControlConnection>> _byUser = [];
    private int _ofUsers;

    /// <param name="refusal">Why not, and what helps.</param>
    public bool TryEnter(ControlConnection connection, [NotNullWhen(false)] out string? refusal)
    {
        ControlConnection? victim = null;
        lock (_lock)
        {
            var caller = connection.Caller;
            if (!_byUser.TryGetValue(caller.User, out var own))
            {
                _byUser.Add(caller.User, own = []);
            }

            if (own.Count >= (caller.IsAdministrator ? OfRoot : OfOneUser))
            {
                victim = own.FirstOrDefault(c => c.IsIdle);
                if (victim is null)
                {
                    refusal = $"user {caller.User} holds {own.Count} connections, and all of them are busy";
                    return false;
                }

                Remove(victim);
            }
            else if (!caller.IsAdministrator && _ofUsers >= OfAllUsers)
            {
                refusal = $"the users of this host hold {_ofUsers} connections together";
                return false;
            }

            own.AddLast(connection);
            _byUser[caller.User] = own;
            _ofUsers += caller.IsAdministrator ? 0 : 1;
        }

        victim?.Close();
        refusal = null;
        return true;
    }

    public void Leave(ControlConnection connection)
    {
        lock (_lock)
        {
            Remove(connection);
        }
    }

    private void Remove(ControlConnection connection)
    {
        var user = connection.Caller.User;
        if (_byUser.TryGetValue(user, out var own) && own.Remove(connection))
        {
            _ofUsers -= connection.Caller.IsAdministrator ? 0 : 1;
            if (own.Count == 0)
            {
                _byUser.Remove(user);
            }
        }
    }
}
