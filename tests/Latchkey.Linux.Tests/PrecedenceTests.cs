using Xunit;

namespace Latchkey.Linux.Tests;

public class PrecedenceTests
{
    [Fact]
    public void The_thread_that_takes_it_comes_before_others_and_those_that_it_starts_do_not()
    {
        var (before, taken, started) = (0, 0, 0);
        Run(() =>
        {
            before = Niceness();
            Precedence.Take();
            taken = Niceness();
            Run(() => started = Niceness());
        });

        Assert.NotEqual(-20, before);
        Assert.Equal(-20, taken);
        Assert.Equal(0, started);
    }

    private static void Run(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }

    /// <summary>Field 19 of <c>stat</c> (proc(5)), counted from behind the name.</summary>
    private static int Niceness()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);
    }
}
