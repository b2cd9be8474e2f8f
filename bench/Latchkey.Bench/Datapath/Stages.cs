using Latchkey.Crypto;

namespace Latchkey.Bench.Datapath;

/// <summary>What one packet costs, stage by stage.</summary>
/// <param name="Parse">Nanoseconds, as everything but the last.</param>
/// <param name="Out">From the TUN device to the outer link, <paramref name="Encrypt"/> included.</param>
/// <param name="In">From the outer link to the TUN device, <paramref name="Decrypt"/> included.</param>
/// <param name="Allocated">Octets, out and in.</param>
internal sealed record Stages(double Parse, double Encrypt, double Out, double Decrypt, double In, double Allocated)
{
    private static readonly AeadAlgorithm Aead = Algorithms.FindAead(20, 256)!;

    /// <param name="size">Octets of an IP packet.</param>
    /// <param name="length">How long each stage is repeated.</param>
    public static Stages Measure(int size, TimeSpan length)
    {
        using var hosts = new TwoHosts(peers: 1, flows: 100, size);
        var parse = Batches.PerPacket(hosts.Batch.Capacity, length, hosts.Fill, hosts.ParseAll);
        var outward = Batches.PerPacket(hosts.Batch.Capacity, length, hosts.Fill, hosts.Protect);
        var inward = Batches.PerPacket(hosts.Batch.Capacity, length, FillAndProtect, hosts.Receive);
        var allocated = Allocation(hosts);
        if (hosts.Lost > 0)
        {
            throw new InvalidOperationException($"{hosts.Lost} packets were dropped");
        }

        using var key = Aead.CreateKey(new byte[Aead.KeyMaterialLength]);
        byte[] iv = new byte[Aead.IvLength], header = new byte[12], text = new byte[size], icv = new byte[Aead.IcvLength];
        var encrypt = Batches.PerPacket(hosts.Batch.Capacity, length, () => { }, () => Batches.Repeat(hosts.Batch.Capacity, () => key.Encrypt(iv, header, text, icv)));
        // What is decrypted is not a packet any more, so each is decrypted as a forged one would be; that costs the same.
        var decrypt = Batches.PerPacket(hosts.Batch.Capacity, length, () => { }, () => Batches.Repeat(hosts.Batch.Capacity, () => key.TryDecrypt(iv, header, text, icv)));
        return new Stages(parse, encrypt, outward, decrypt, inward, allocated);

        void FillAndProtect()
        {
            hosts.Fill();
            hosts.Protect();
        }
    }

    private static double Allocation(TwoHosts hosts)
    {
        const int Batches = 10_000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Batches; i++)
        {
            hosts.Fill();
            hosts.Protect();
            hosts.Receive();
        }

        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / (Batches * hosts.Batch.Capacity);
    }
}
