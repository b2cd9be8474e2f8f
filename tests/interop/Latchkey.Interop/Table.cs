using System.Text;
using Latchkey.Interop.Cases;
using Latchkey.Lab.Processes;

namespace Latchkey.Interop;

/// <summary>docs/interop.md: what was run against what, and what came of it.</summary>
internal static class Table
{
    public static async Task<string> Write(IReadOnlyList<InteropCase> cases, IReadOnlyList<CaseResult> results, string program, string libreswan)
    {
        var strongSwan = (await Command.Run("dpkg-query", "-W", "-f", "${Version}", "charon-systemd")).Trim();
        var pluto = (await Command.Run($"{libreswan}/usr/libexec/ipsec/pluto", "--version")).Split(' ')[1];
        var product = (await Command.Run(program, "--version")).Trim();
        var linux = (await Command.Run("linux.uml", "--version")).Trim();
        var text = new StringBuilder(
            $"""
            # Interoperability

            Written by `./interop --table`; do not edit. Each case is two configurations and a list of steps in `tests/interop/cases`.
            The peer runs on a kernel of its own, whose ESP carries its side; in the cases `libipsec-...` strongSwan carries it itself, in
            user space. Every octet that goes through was encrypted by one implementation and decrypted by the other, and both ends
            compare digests.

            Latchkey {product}; strongSwan {strongSwan} (charon-systemd, kernel-netlink and kernel-libipsec) and Libreswan {pluto} (pluto) with the ESP of Linux {linux}.
            {results.Count(r => r.Verdict == "passed")} runs passed, {results.Count(r => r.Verdict == "limited")} ended at something the peer cannot do, {results.Count(r => !r.IsGood)} failed.

            | Case | What it shows | After the peer's | IPv4 | IPv6 |
            |---|---|---|---|---|

            """);
        foreach (var work in cases)
        {
            string Of(string family) => results.FirstOrDefault(r => r.Case == work.Name && r.Family == family)?.Verdict ?? "";
            text.AppendLine($"| `{work.Name}` | {work.Title} | {(work.Like is { } like ? $"`{like}`" : "")} | {Of("IPv4")} | {Of("IPv6")} |");
        }

        foreach (var (limited, first) in results.Where(r => r.Verdict == "limited").Select((r, i) => (r, i == 0)))
        {
            text.AppendLine(first ? "\n## What the peer cannot do\n" : "");
            text.AppendLine($"- `{limited.Case}`: {cases.First(c => c.Name == limited.Case).Limitation!.Text}. Its log: `{limited.Text.Trim()}`");
        }

        return text.ToString();
    }
}
