namespace Latchkey.Engine;

/// <summary>
/// What of a peer's refusals is told. A peer that has proved its key can ask for what it does not get as often as a round trip takes;
/// it must not fill the log, nor push all other events out of memory.
/// </summary>
internal sealed class ToldRefusals
{
    /// <summary>Told of one IKE SA <see cref="Within"/> the time.</summary>
    public const int Most = 10;

    public static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    private TimeSpan? _since;
    private int _told;
    private int _kept;

    /// <param name="text">What would be told of this one.</param>
    /// <returns>What is to be told; null: nothing, and it is counted.</returns>
    public string? Next(TimeSpan now, string text)
    {
        if (!(now - _since < Within))
        {
            (_since, _told) = (now, 0);
        }

        if (_told == Most)
        {
            _kept++;
            return null;
        }

        _told++;
        var before = _kept == 0 ? "" : $" (what was refused or narrowed before this and not told: {_kept})";
        _kept = 0;
        return text + before;
    }
}
