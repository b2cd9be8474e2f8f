using Latchkey.Contract;
using Latchkey.Crypto;
using Latchkey.Judges;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Datapath.Tests;

/// <summary>ESP as an independent implementation sees it: scapy opens what we seal, and we open what scapy seals.</summary>
public class ScapyJudgesEspTests
{
    private static readonly bool[] Both = [true, false];

    [Fact]
    public void Scapy_and_we_understand_each_other_in_every_variant()
    {
        List<Case> cases =
        [
            .. from algorithm in Algorithms.Aeads
               from esn in Both
               from encapsulation in Enum.GetValues<Encapsulation>()
               from v6 in Both
               select new Case(algorithm, esn, encapsulation, v6),
        ];
        var lines = Scapy.Run(
            """
            def judge(algo, key, esn, header, nat, ours, inner):
                sa = SecurityAssociation(ESP, spi=0x1001, crypt_algo=algo, crypt_key=bytes.fromhex(key), seq_num=7,
                                         nat_t_header=UDP(sport=4500, dport=4500) if nat else None, esn_en=esn, esn=1 if esn else 0)
                inner = header.__class__(bytes.fromhex(inner))
                esp = ESP(bytes.fromhex(ours))
                outer = header / UDP(sport=4500, dport=4500) / esp if nat else header / esp
                opened = sa.decrypt(header.__class__(bytes(outer)))
                print(bytes(opened)[-len(bytes(inner.payload)):].hex())  # for IPv4, scapy leaves the outer UDP header in
                print(bytes(sa.encrypt(inner)[ESP]).hex())

            """ + string.Join('\n', cases.Select(c => c.Script())));

        Assert.Equal(2 * cases.Count, lines.Length);
        for (var i = 0; i < cases.Count; i++)
        {
            cases[i].Check(opened: lines[2 * i], sealedByScapy: lines[(2 * i) + 1]);
        }
    }

    private sealed class Case(AeadAlgorithm algorithm, bool esn, Encapsulation encapsulation, bool v6)
    {
        // Above 2^32 with ESN, so that the half which is not sent counts.
        private readonly ulong _start = esn ? (1UL << 32) + 4 : 4;
        private byte[] _inner = [];

        public string Script()
        {
            using var pair = new Pair(v6, algorithm, esn, encapsulation);
            _inner = Packets.Tcp(pair.Tcp, TcpFlags.Ack | TcpFlags.Psh, seq: 10, ack: 20, payload: 13);
            pair.C.Datapath.SetSequence(SaDirection.Outbound, Pair.SpiToW, _start);
            pair.C.Send(_inner);
            var ours = pair.C.Udp.TakeSent().Concat(pair.C.Esp.TakeSent()).Single().Octets;
            var name = algorithm.KeyLengthAttribute is null ? "CHACHA20-POLY1305" : "AES-GCM";
            var key = Convert.ToHexString(Host.KeyFor(Pair.SpiToW, algorithm));
            var header = $"{(v6 ? "IPv6" : "IP")}(src='{pair.C.Address}', dst='{pair.W.Address}')";
            return $"judge('{name}', '{key}', {Python(esn)}, {header}, {Python(encapsulation == Encapsulation.Udp)}, "
                + $"'{Convert.ToHexString(ours)}', '{Convert.ToHexString(_inner)}')";
        }

        public void Check(string opened, string sealedByScapy)
        {
            Assert.Equal(Convert.ToHexStringLower(Packets.Payload(_inner)), opened);

            using var pair = new Pair(v6, algorithm, esn, encapsulation);
            pair.W.Datapath.SetSequence(SaDirection.Inbound, Pair.SpiToW, _start);
            pair.W.Receive(Convert.FromHexString(sealedByScapy), pair.C.Address, encapsulation);
            Assert.Equal(Packets.Essence(_inner), Packets.Essence(Assert.Single(pair.W.Delivered())));
        }

        private static string Python(bool value) => value ? "True" : "False";
    }
}
