using Latchkey.Lab.Network;

namespace Latchkey.Lab.Stories;

/// <summary>What a scenario has in its hands: the laboratory, somebody to tell what happens, and the list of checks.</summary>
public sealed class Stage(Laboratory laboratory, Narrator narrator, bool full)
{
    private readonly List<Check> _checks = [];

    public Laboratory Laboratory { get; } = laboratory;

    public AddressPlan Plan => Laboratory.Plan;

    /// <summary>Long transfers are to have their full length.</summary>
    public bool Full { get; } = full;

    public IReadOnlyList<Check> Checks => _checks;

    /// <summary>Set where the scenario measures it.</summary>
    public double? TimeToNotice { get; set; }

    public void Say(string text) => narrator.Say(text);

    /// <summary>A claim of the scenario. The story goes on either way, so that one run shows everything that is wrong.</summary>
    public bool Check(string name, bool passed, string observed)
    {
        var check = new Check(name, passed, observed);
        _checks.Add(check);
        narrator.Verdict(check);
        return passed;
    }

    /// <summary>Waits until a condition holds, looking often.</summary>
    /// <returns>False when the time was up.</returns>
    public async Task<bool> Until(Func<Task<bool>> condition, TimeSpan limit)
    {
        var end = Moment.Now.Milliseconds + limit.TotalMilliseconds;
        while (!await condition())
        {
            if (Moment.Now.Milliseconds > end)
            {
                return false;
            }

            await Task.Delay(50, Laboratory.Cancellation);
        }

        return true;
    }

    /// <summary>Lets time pass in which something must <em>not</em> happen.</summary>
    public Task Quietly(TimeSpan time) => Task.Delay(time, Laboratory.Cancellation);
}
