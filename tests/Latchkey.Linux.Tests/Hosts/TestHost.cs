using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Latchkey.Linux.Tests.Hosts;

/// <summary>
/// A host of its own: a network namespace, and a thread that lives in it. What is opened on that thread (sockets,
/// /dev/net/tun, child processes) belongs to the namespace.
/// </summary>
internal sealed partial class TestHost : IDisposable
{
    private const int NewNet = 0x40000000;
    private static int _made;

    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;
    private readonly List<Process> _programs = [];

    public TestHost(string role)
    {
        if (Environment.UserName != "root")
        {
            Assert.Fail("These tests make network namespaces: run them as root, for example with ./test.");
        }

        Name = $"lkt-{role}-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";
        Shell.Run($"ip netns add {Name}");
        _thread = new Thread(Live) { IsBackground = true, Name = Name };
        _thread.Start();
        Sh("ip link set lo up");
    }

    public string Name { get; }

    /// <summary>Two hosts on one link: <c>eth0</c> with 192.0.2.1 and 2001:db8::1, or .2 and ::2.</summary>
    public static (TestHost Here, TestHost There) Pair(int mtu = 1500)
    {
        var here = new TestHost("here");
        var there = new TestHost("there");
        Shell.Run($"ip link add eth0 netns {here.Name} mtu {mtu} type veth peer name eth0 netns {there.Name} mtu {mtu}");
        here.SetUp("eth0", "192.0.2.1/24", "2001:db8::1/64");
        there.SetUp("eth0", "192.0.2.2/24", "2001:db8::2/64");

        // The hosts find each other now, so that no test waits for neighbour discovery.
        here.Sh("ping -q -c 1 -W 5 192.0.2.2 && ping -q -c 1 -W 5 2001:db8::2");
        return (here, there);
    }

    /// <summary>Brings an interface up with these addresses and no link-local one, which would only be ready some time later.</summary>
    public void SetUp(string device, params string[] addresses)
    {
        Sh($"ip link set {device} addrgenmode none");
        foreach (var address in addresses)
        {
            // nodad: a test should not wait for duplicate address detection.
            Sh($"ip address add {address} dev {device}{(address.Contains(':', StringComparison.Ordinal) ? " nodad" : "")}");
        }

        Sh($"ip link set {device} up");
    }

    /// <summary>Standard output of a shell command that runs here and must succeed.</summary>
    public string Sh(string command) => Shell.Run($"ip netns exec {Name} {Quote(command)}");

    public (int Status, string Output, string Error) TrySh(string command) => Shell.Try($"ip netns exec {Name} {Quote(command)}");

    /// <summary>Starts a program here; it is killed with the host.</summary>
    public Process Start(string command)
    {
        var process = Shell.Start($"exec ip netns exec {Name} {Quote("exec " + command)}");
        _programs.Add(process);
        return process;
    }

    /// <summary>Starts a Python script here and waits until it prints a line; then it is ready.</summary>
    public Process StartPython(string script)
    {
        var process = Start($"python3 -c {QuoteWord(script)}");
        if (process.NextLine() is null)
        {
            throw new InvalidOperationException("the script ended early: " + process.StandardError.ReadToEnd());
        }

        return process;
    }

    public string Python(string script) => Sh($"python3 -c {QuoteWord(script)}").TrimEnd();

    /// <summary>Runs code on this host's thread.</summary>
    public T In<T>(Func<T> code)
    {
        var result = new TaskCompletionSource<T>();
        _work.Add(() =>
        {
            try
            {
                result.SetResult(code());
            }
#pragma warning disable CA1031 // Whatever goes wrong there belongs to the caller here.
            catch (Exception e)
#pragma warning restore CA1031
            {
                result.SetException(e);
            }
        });
        return result.Task.GetAwaiter().GetResult();
    }

    public void In(Action code) => In(() =>
    {
        code();
        return true;
    });

    public void Dispose()
    {
        foreach (var program in _programs)
        {
            if (!program.HasExited)
            {
                program.Kill(entireProcessTree: true);
            }

            program.WaitForExit();
            program.Dispose();
        }

        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
        Shell.Run($"ip netns del {Name}");
    }

    private static string Quote(string command) => "sh -c " + QuoteWord(command);

    private static string QuoteWord(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private void Live()
    {
        using (var file = File.OpenHandle($"/run/netns/{Name}"))
        {
            if (SetNamespace((int)file.DangerousGetHandle(), NewNet) != 0)
            {
                throw new InvalidOperationException($"setns to {Name}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }

        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int type);
}
