using System.Globalization;
using System.Text.RegularExpressions;
using Latchkey.Interop.Hosts;
using Latchkey.Lab;
using Latchkey.Lab.Applications;
using Latchkey.Lab.Daemons;
using Latchkey.Lab.Network;
using Latchkey.Lab.Stories;

namespace Latchkey.Interop.Steps;

/// <summary>
/// Carries out the steps of a case. A step is a verb and its arguments; one that does something also expects what it says:
///
///   start | stop | kill | restart HOST   HOST is latchkey, strongswan or libreswan; both are started before the first step
///   initiate | initiate-fails            the peer begins
///   connect HOST | connect-fails HOST    a TCP connection is opened from that host to the other
///   talk OCTETS                          both ends send that much, and everything arrives as it was sent
///   say OCTETS                           the end that connected sends that much, and nobody waits for it; the next talk does
///   ping HOST                            that host gets three answers to its pings of the other
///   reset HOST                           the connection was reset for the application there
///   event KIND [NAME~TEXT]...            Latchkey tells such an event, later than the last one that was expected
///   no-event KIND                        it never did
///   log REGEX                            a line of the peer's log, later than the last one that was expected
///   swanctl | whack ARGUMENTS            the peer's command succeeds
///   run COMMAND                          the command succeeds on the peer's host
///   sas CHILDREN                         both have one IKE SA, with so many Child SAs, all installed
///   no-sas                               the peer has no SA
///   latches STATE COUNT                  so many latches of Latchkey are in that state
///   counters-clean                       the kernel's ESP counted no error
///   counters-zero                        it counted nothing at all, not even a packet that had no SA
///   move HOST                            it has another address on the link instead of the one it began with: {latchkey.other}, {peer.other}
///   dual                                 both have an address of the other family on the link too: {latchkey.across}, {peer.across}
///   leave HOST                           it loses the address it began with
///   unplug HOST | plug HOST              its cable; while it is out both ends may begin things that then meet
///   remap                                the NAT forgets its mappings: what comes through it next has another port
///   wire FILTER                          a frame that tshark's filter matches crossed the link, where Latchkey is plugged in
///   quiet                                nothing crossed the link for a while: nobody waits for an answer
///   judge                                tshark decrypts all of IKE and ESP with Latchkey's keys, and finds every check value right
///   iperf3 SECONDS                       TCP as fast as it goes, first one way and then the other, each for so long
/// </summary>
public sealed class Script(Stage stage)
{
    private const int Port = 7000;

    /// <summary>The processor may be emulated, and others may use it too.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>What has happened by then without a word of the peer may have happened in silence.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>Whoever waits for an answer asks again sooner.</summary>
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(1);

    private static readonly Regex AnyLine = new("");

    private Talker? _client;
    private Talker? _server;
    private string _clientHost = "";
    private long _talked;
    private long _said;
    private long _lastEvent;
    private int _lastLine;
    private int _connections;

    public async Task Run(string text)
    {
        var step = stage.Placeholders.Fill(text);
        var (verb, rest) = step.IndexOf(' ', StringComparison.Ordinal) is var blank and > 0 ? (step[..blank], step[(blank + 1)..]) : (step, "");
        await (verb switch
        {
            "start" => Start(rest),
            "stop" => Stop(rest),
            "kill" => Kill(rest),
            "restart" => Restart(rest),
            "initiate" => Initiate(succeeds: true),
            "initiate-fails" => Initiate(succeeds: false),
            "connect" => Connect(rest, succeeds: true),
            "connect-fails" => Connect(rest, succeeds: false),
            "talk" => Talk(long.Parse(rest)),
            "say" => Say(long.Parse(rest)),
            "ping" => Ping(rest),
            "reset" => Reset(rest),
            "event" => Event(rest.Split(' ')[0], rest.Contains(' ', StringComparison.Ordinal) ? rest[(rest.IndexOf(' ', StringComparison.Ordinal) + 1)..] : ""),
            "no-event" => NoEvent(rest),
            "log" => LogLine(new Regex(rest)),
            "swanctl" or "whack" => Control(verb, rest),
            "run" => stage.PeerHost.Run(rest.Split(' ')),
            "sas" => Sas(int.Parse(rest)),
            "no-sas" => NoSas(),
            "latches" => Latches(rest.Split(' ')[0], int.Parse(rest.Split(' ')[1])),
            "counters-clean" => Counters("In(Error|StateProtoError|StateModeError|StateSeqError|HdrError|StateMismatch)|Out(StateProtoError|StateModeError|StateSeqError)"),
            "counters-zero" => Counters("[A-Za-z]+"),
            "move" => Move(rest),
            "dual" => Task.WhenAll(Have("latchkey", "{latchkey.across}", across: true), Have("strongswan", "{peer.across}", across: true)),
            "leave" => Leave(rest),
            "unplug" => HostOf(rest).Nics[0].Unplug(),
            "plug" => HostOf(rest).Nics[0].Plug(),
            "remap" => stage.Nat?.Forget() ?? throw new LabException("the case has no NAT: no host is 'behind' one"),
            "wire" => OnTheWire(rest),
            "quiet" => QuietLink(),
            "judge" => Judge(),
            "iperf3" => Iperf3(int.Parse(rest)),
            _ => throw new LabException($"there is no step '{verb}'"),
        });
    }

    /// <summary>Both daemons are up.</summary>
    public Task Begin() => Task.WhenAll(StartLatchkey(), stage.Peer.Start(Limit));

    private Task Start(string host) => IsLatchkey(host) ? StartLatchkey() : stage.Peer.Start(Limit);

    private async Task StartLatchkey()
    {
        _lastEvent = 0;
        await stage.Latchkey.Start(Limit);
    }

    private Task Stop(string host) => IsLatchkey(host) ? stage.Latchkey.Stop() : stage.Peer.Stop();

    private Task Kill(string host) => IsLatchkey(host) ? stage.Latchkey.Kill() : stage.Peer.Kill();

    private async Task Restart(string host)
    {
        await Stop(host);
        await Start(host);
    }

    private async Task Initiate(bool succeeds)
    {
        var result = await stage.Peer.Initiate(succeeds ? Limit : TimeSpan.FromSeconds(90));
        if (result.Status == 0 != succeeds)
        {
            throw new LabException($"the peer's attempt ended with status {result.Status}: {Last(result.Output + result.Complaint)}");
        }
    }

    private async Task Connect(string from, bool succeeds)
    {
        var (client, server) = IsLatchkey(from) ? (stage.UserHost, stage.PeerHost) : (stage.PeerHost, stage.UserHost);
        var number = ++_connections;
        _clientHost = from;
        (_talked, _said) = (0, 0);
        _server = await Talker.Listen(server, Port + number, $"server{number}", Limit, stage.AddressOf(server));
        _client = await Talker.Ready(client, stage.AddressOf(server), Port + number, name: $"client{number}", patience: Limit);
        await _client.Go();
        var outcome = await _client.ReportWithin(e => e.Kind is "connected" or "error", succeeds ? Limit : TimeSpan.FromSeconds(8));
        if (outcome is { Kind: "connected" } != succeeds)
        {
            throw new LabException(succeeds ? $"no connection from {from} came up; {Situation()}" : "the connection came up");
        }
    }

    private async Task Talk(long octets)
    {
        _talked += octets;
        await _client!.Send(octets);
        await _server!.Send(octets);
        var there = await _server.Received(_talked + _said, Limit);
        var back = await _client.Received(_talked, Limit);
        if (!there.Matches(back) || back.Received != _talked)
        {
            throw new LabException($"of {_talked} octets {there.Received} arrived, and {back.Received} came back; {Situation()}");
        }
    }

    private Task Say(long octets)
    {
        _said += octets;
        return _client!.Send(octets);
    }

    private async Task Move(string name)
    {
        await Leave(name);
        await Have(name, IsLatchkey(name) ? "{latchkey.other}" : "{peer.other}", across: false);
    }

    private Task<string> Leave(string name)
    {
        var host = HostOf(name);
        return host.Run("ip", "addr", "del", $"{host.Address}/{host.Plan.PrefixLength}", "dev", host.Nics[0].Device);
    }

    /// <param name="across">The address is of the other family than the case's.</param>
    private Task<string> Have(string name, string address, bool across)
    {
        var host = HostOf(name);
        var plan = across ? Placeholders.Across(host.Plan) : host.Plan;
        return host.Run(["ip", "addr", "add", $"{stage.Placeholders.Fill(address)}/{plan.PrefixLength}", "dev", host.Nics[0].Device, .. plan.IsIPv6 ? ["nodad"] : Array.Empty<string>()]);
    }

    private async Task Ping(string from)
    {
        var (pinger, other) = from == "latchkey" ? (stage.UserHost, stage.PeerHost) : (stage.PeerHost, stage.UserHost);
        await Await(async () =>
        {
            var result = await pinger.Try(Limit, "ping", "-q", "-c", "3", "-W", "5", stage.AddressOf(other));
            return result.Output.Contains(" 3 received", StringComparison.Ordinal) ? null : $"not all pings were answered: {Last(result.Output + result.Complaint)}";
        });
    }

    private async Task Reset(string host)
    {
        var end = host == _clientHost ? _client! : _server!;
        if (await end.ReportWithin("error", Limit) is not { Errno: "ECONNRESET" } error)
        {
            throw new LabException($"the application on {host} got {(end.Failure?.ToString() ?? "nothing")}");
        }

        _ = error;
    }

    private async Task Event(string kind, string wanted)
    {
        var after = _lastEvent;
        var found = await stage.Latchkey.Event(e => e.Sequence > after && e.Kind == kind && Meets(e, wanted), Limit)
            ?? throw new LabException($"no event {kind} {wanted}; {Situation()}");
        _lastEvent = found.Sequence;
    }

    /// <param name="wanted">name~text: the field contains the text, which may have blanks and ends the step.</param>
    private static bool Meets(DaemonEvent e, string wanted) =>
        wanted.IndexOf('~', StringComparison.Ordinal) is not (var at and > 0) || e.Text(wanted[..at])?.Contains(wanted[(at + 1)..], StringComparison.Ordinal) == true;

    private Task NoEvent(string kind) =>
        stage.Latchkey.Events.FirstOrDefault(e => e.Kind == kind) is { } told ? throw new LabException($"Latchkey told {told}") : Task.CompletedTask;

    private async Task LogLine(Regex wanted)
    {
        var found = await stage.Peer.Log.Wait(_lastLine, wanted, Limit) ?? throw new LabException($"the peer logged nothing like '{wanted}'; {Situation()}");
        _lastLine = found.Number;
    }

    private async Task Control(string command, string arguments)
    {
        var result = await stage.Peer.Control(Limit, arguments.Split(' '));
        if (result.Status != 0)
        {
            throw new LabException($"{command} {arguments} ended with status {result.Status}: {Last(result.Output + result.Complaint)}");
        }
    }

    private Task Sas(int children) => Await(async () =>
    {
        var (ike, child, said) = await stage.Peer.Sas(Limit);
        var ours = (await stage.Latchkey.Ask("/sas")).GetProperty("ike_sas").EnumerateArray().Select(sa => sa.GetProperty("children").GetArrayLength()).ToList();
        return ike == 1 && child == children && ours is [var own] && own == children
            ? null
            : $"the peer has {ike} IKE SAs and {child} Child SAs, Latchkey {ours.Count} and {ours.Sum()}: {said}";
    });

    private Task NoSas() => Await(async () =>
        await stage.Peer.Sas(Limit) is ({ } ike, { } children, var said) && ike + children > 0 ? $"the peer still has SAs: {said}" : null);

    /// <summary>Whatever a latch becomes, an event says so.</summary>
    private async Task Latches(string state, int count)
    {
        while (true)
        {
            var told = stage.Latchkey.Events.Count;
            var latches = (await stage.Latchkey.Ask("/latches")).GetProperty("latches").EnumerateArray().Select(l => l.GetProperty("state").GetString()).ToList();
            if (latches.Count(s => s == state) == count)
            {
                return;
            }

            var last = told == 0 ? 0 : stage.Latchkey.Events[told - 1].Sequence;
            if (await stage.Latchkey.Event(e => e.Sequence > last, Limit) is null)
            {
                throw new LabException($"the latches are {string.Join(", ", latches)}; {Situation()}");
            }
        }
    }

    private LabHost HostOf(string name) => IsLatchkey(name) ? stage.LatchkeyHost : stage.PeerHost;

    private bool IsLatchkey(string name) =>
        name == stage.LatchkeyHost.Name ? true
        : name == stage.PeerHost.Name ? false
        : throw new LabException($"the hosts are {stage.LatchkeyHost.Name} and {stage.PeerHost.Name}; there is no '{name}'");

    private Task OnTheWire(string filter) => Await(async () => await stage.Seen(filter) > 0 ? null : $"nothing like '{filter}' crossed the link");

    private Task QuietLink() => Await(async () =>
        await stage.Seen(string.Create(CultureInfo.InvariantCulture, $"frame.time_epoch > {(DateTimeOffset.UtcNow - QuietFor).ToUnixTimeMilliseconds() / 1000.0:0.000}")) is var crossed and > 0
            ? $"the link is not quiet: {crossed} frames crossed it within {QuietFor.TotalSeconds:0} s" : null);

    private async Task Judge()
    {
        if ((await stage.Judge()).FirstOrDefault(finding => !finding.Holds) is { } wrong)
        {
            throw new LabException($"not so: {wrong.Name}: {wrong.Detail}");
        }
    }

    private async Task Iperf3(int seconds)
    {
        var said = new Sightings<string>(stage.LatchkeyHost.Cancellation);
        // It keeps what it sends in a temporary file, and the machine sees this one's /tmp read-only.
        var server = stage.PeerHost.Start("iperf3", ["env", "TMPDIR=/run", "iperf3", "-s", "--forceflush"], p =>
        {
            p.LineWritten += said.Add;
            p.ComplaintWritten += said.Add;
        });
        if (await said.Wait(line => line.Contains("Server listening", StringComparison.Ordinal), Limit) is null)
        {
            throw new LabException($"the iperf3 server did not come up: {string.Join(" / ", said.All)}");
        }

        foreach (var direction in new[] { Array.Empty<string>(), ["--reverse"] })
        {
            var result = await stage.LatchkeyHost.Try(TimeSpan.FromSeconds(seconds) + Limit, ["iperf3", "-c", stage.PeerHost.Address, "-t", $"{seconds}", .. direction]);
            if (result.Status != 0)
            {
                throw new LabException($"iperf3 {string.Concat(direction)} ended with status {result.Status}: {Last(result.Output + result.Complaint)}; its server: {string.Join(" / ", said.All.TakeLast(3))}; {Situation()}");
            }
        }

        await server.Stop();
    }

    /// <param name="counted">Packets that had no SA yet, or none any more, are no error of ESP; what it could not verify or read is.</param>
    private async Task Counters(string counted)
    {
        var counters = await stage.PeerHost.Run("cat", "/proc/net/xfrm_stat");
        var bad = counters.Split('\n').Where(line => Regex.IsMatch(line, $"^Xfrm({counted})\\s+[1-9]")).ToList();
        if (bad.Count > 0)
        {
            throw new LabException($"the kernel counted {string.Join(", ", bad.Select(line => Regex.Replace(line, "\\s+", " ")))}");
        }
    }

    /// <summary>For what nobody tells by itself: it is looked at again whenever the peer says anything, and when it says nothing for a while.</summary>
    private async Task Await(Func<Task<string?>> unmet)
    {
        var end = Moment.Now.Milliseconds + Limit.TotalMilliseconds;
        var heard = stage.Peer.Log.Lines.Count;
        while (await unmet() is { } why)
        {
            if (Moment.Now.Milliseconds > end)
            {
                throw new LabException($"{why}; {Situation()}");
            }

            heard = (await stage.Peer.Log.Wait(heard, AnyLine, Quiet))?.Number ?? heard;
        }
    }

    private string Situation() =>
        $"Latchkey last said: {string.Join(" / ", stage.Latchkey.Events.TakeLast(12).Select(e => $"{e.Text("at")} {e.Text("text")}"))}; the peer: {string.Join(" / ", stage.Peer.Log.Lines.TakeLast(5))}";

    private static string Last(string text) => string.Join(" / ", text.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3));
}
