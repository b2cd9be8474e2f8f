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
            .. from algorithm in Algorithms.Aeads.Concat(Algorithms.OldCiphers)
               from esn in Both
               from encapsulation in Enum.GetValues<Encapsulation>()
               from v6 in Both
               select new Case(algorithm, esn, encapsulation, v6),
        ];
        var lines = Scapy.Run(
            """
            class HighHalfBehind:
                # RFC 4303 2.2.1: without a combined mode the high half of a sequence number is covered behind the packet. Scapy leaves it out.
                def __init__(self, algo, high):
                    self.algo, self.high = algo, struct.pack('!L', high)

                def __getattr__(self, name):
                    return getattr(self.algo, name)

                def icv(self, esp, key):
                    mac = self.algo.new_mac(key)
                    mac.update(raw(esp) + self.high)
                    return mac.finalize()[:self.algo.icv_size]

                def sign(self, pkt, key, **_):
                    pkt[ESP].data += self.icv(pkt[ESP], key)
                    return pkt

                def verify(self, pkt, key, **_):
                    esp, size = pkt[ESP].copy(), self.algo.icv_size
                    came, esp.data = esp.data[-size:], esp.data[:-size]
                    if self.icv(esp, key) != came:
                        raise IPSecIntegrityError('wrong ICV')

            def judge(algo, key, icv, auth, auth_key, esn, header, nat, ours, inner):
                sa = SecurityAssociation(ESP, spi=0x1001, crypt_algo=algo, crypt_key=bytes.fromhex(key), crypt_icv_size=icv, seq_num=7,
                                         auth_algo=auth, auth_key=bytes.fromhex(auth_key) if auth else None,
                                         nat_t_header=UDP(sport=4500, dport=4500) if nat else None, esn_en=esn, esn=1 if esn else 0)
                if auth and esn:
                    sa.auth_algo = HighHalfBehind(sa.auth_algo, 1)
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
            var material = Host.KeyFor(Pair.SpiToW, algorithm);
            var key = Convert.ToHexString(material[..^algorithm.IntegrityKeyLength]);
            var (auth, authKey) = (Auth(algorithm.IntegrityId), Convert.ToHexString(material[^algorithm.IntegrityKeyLength..]));
            var icv = algorithm.IntegrityId is null ? $"{algorithm.IcvLength}" : "None";
            var header = $"{(v6 ? "IPv6" : "IP")}(src='{pair.C.Address}', dst='{pair.W.Address}')";
            return $"judge('{Name(algorithm.TransformId)}', '{key}', {icv}, {auth}, '{authKey}', {Python(esn)}, {header}, {Python(encapsulation == Encapsulation.Udp)}, "
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

        private static string Name(ushort transform) => transform switch
        {
            12 => "AES-CBC",
            13 => "AES-CTR",
            15 or 16 => "AES-CCM",
            20 => "AES-GCM",
            _ => "CHACHA20-POLY1305",
        };

        private static string Auth(ushort? integrity) => integrity switch
        {
            12 => "'SHA2-256-128'",
            13 => "'SHA2-384-192'",
            14 => "'SHA2-512-256'",
            _ => "None",
        };

        private static string Python(bool value) => value ? "True" : "False";
    }
}
