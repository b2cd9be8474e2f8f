using System.Text.Json;
using Latchkey.Interop.Cases;
using Latchkey.Interop.Hosts;
using Latchkey.Lab;
using Latchkey.Lab.Processes;

namespace Latchkey.Interop;

/// <summary>
/// Runs the cases that carry data in virtual machines with a stock kernel, because the kernel of the host may lack ESP.
/// What does not depend on the kernel (the other cases, keys, certificates) is done on the host, where it is fast.
/// </summary>
/// <param name="machine">The program that runs a command in a virtual machine.</param>
public sealed class Suite(string folder, string product, string machine)
{
    private const string Modules = "esp4 esp6 xfrm_user gcm ctr ghash-generic seqiv echainiv aesni-intel sha512-ssse3 chacha20poly1305 veth bridge tun nf_tables nft_ct";

    /// <summary>So many cases, at most, go into one machine: one that dies takes no more with it.</summary>
    private const int Together = 8;

    public async Task<bool> Run(IReadOnlyList<InteropCase> cases, bool keep, string? table, CancellationToken cancellation)
    {
        var work = Directory.CreateTempSubdirectory("latchkey-interop-");
        try
        {
            await Credentials.Make($"{work}/credentials");
            var results = new List<CaseResult>();
            void Tell(CaseResult result)
            {
                results.Add(result);
                Console.WriteLine($"{result.Verdict,-8} {result.Case,-28} {result.Family} {result.Seconds,6:0.0} s  {result.Text}");
            }

            await Leftovers.Remove();
            await new Runner(product, $"{work}/credentials", kernelHasEsp: false, keep, Tell).Run([.. cases.Where(c => !c.CarriesData)], cancellation);
            foreach (var batch in cases.Where(c => c.CarriesData).Chunk(Together))
            {
                await Batch(batch, work.FullName, keep, Tell, cancellation);
            }

            Console.WriteLine($"{results.Count(r => r.Verdict == "passed")} passed, {results.Count(r => r.Verdict == "limited")} limited by the peer, {results.Count(r => !r.IsGood)} failed");
            if (table is not null)
            {
                await File.WriteAllTextAsync(table, await Table.Write(cases, results), cancellation);
            }

            return results.All(r => r.IsGood);
        }
        finally
        {
            if (!keep)
            {
                work.Delete(recursive: true);
            }
        }
    }

    private async Task Batch(IReadOnlyList<InteropCase> cases, string work, bool keep, Action<CaseResult> tell, CancellationToken cancellation)
    {
        string[] kept = keep ? ["--keep"] : [];
        var runs = cases.Sum(c => c.Ipv6 ? 2 : 1);
        var register = new ProcessRegister($"{work}/processes");
        var told = new List<CaseResult>();
        await using var guest = BackgroundProcess.Start(
            "machine",
            [
                machine, "--timeout", $"{60 + (runs * 900)}", "--modules", Modules, "--out", keep ? work : $"{work}/out", "--",
                Environment.ProcessPath!, "guest", folder, product, $"{work}/credentials", .. kept, .. cases.Select(c => c.Name),
            ],
            $"{work}/machine.log",
            register,
            p => p.LineWritten += line =>
            {
                if (line.StartsWith('{') && JsonSerializer.Deserialize<CaseResult>(line) is { } result)
                {
                    told.Add(result);
                    tell(result);
                }
            });
        while (!await guest.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            cancellation.ThrowIfCancellationRequested();
        }

        foreach (var lost in cases.Where(c => told.All(r => r.Case != c.Name)))
        {
            tell(new CaseResult(lost.Name, "IPv4", "failed", 0, $"the virtual machine ended early: {string.Join(" / ", File.ReadLines($"{work}/machine.log").TakeLast(3))}"));
        }
    }
}
