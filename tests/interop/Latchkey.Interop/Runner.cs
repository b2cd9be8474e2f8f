using System.Text.RegularExpressions;
using Latchkey.Interop.Cases;
using Latchkey.Interop.Steps;
using Latchkey.Lab;

namespace Latchkey.Interop;

/// <summary>Runs cases where it is: in the virtual machine, or on the host.</summary>
/// <param name="kernelHasEsp">False: only cases that carry no data can be run.</param>
/// <param name="tell">Called with each result.</param>
public sealed class Runner(string product, string credentials, bool kernelHasEsp, bool keep, Action<CaseResult> tell)
{
    public async Task Run(IReadOnlyList<InteropCase> cases, CancellationToken cancellation)
    {
        foreach (var (work, ipv6) in cases.SelectMany(c => c.Ipv6 ? new[] { (c, false), (c, true) } : [(c, false)]))
        {
            try
            {
                tell(await Run(work, ipv6, cancellation));
            }
            catch (LabException problem)
            {
                // The hosts themselves could not be made; the next case may fare better.
                tell(new CaseResult(work.Name, ipv6 ? "IPv6" : "IPv4", "failed", 0, problem.Message));
            }
        }
    }

    private async Task<CaseResult> Run(InteropCase work, bool ipv6, CancellationToken cancellation)
    {
        var began = Moment.Now;
        CaseResult Result(string verdict, string text) => new(work.Name, ipv6 ? "IPv6" : "IPv4", verdict, Math.Round((Moment.Now - began) / 1000, 1), text);
        await using var stage = await Stage.Set(work, ipv6, product, credentials, kernelHasEsp, keep, cancellation);
        var script = new Script(stage);
        var step = "start";
        try
        {
            await Task.WhenAll(script.Start("latchkey"), script.Start("strongswan"));
            foreach (var next in work.Steps)
            {
                step = next;
                await script.Run(next);
            }

            return work.Limitation is null
                ? Result("passed", "")
                : Result("failed", $"it passed, although the file says that strongSwan cannot: {work.Limitation.Text}");
        }
        catch (LabException problem)
        {
            var proof = work.Limitation is { } limitation ? stage.StrongSwan.Log.FirstOrDefault(line => Regex.IsMatch(line, limitation.Log)) : null;
            return proof is null ? Result("failed", $"'{step}': {problem.Message}") : Result("limited", proof);
        }
    }
}
