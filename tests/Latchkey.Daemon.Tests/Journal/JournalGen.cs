using CsCheck;
using Latchkey.Crypto;
using Latchkey.Daemon.Journal;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Tests.Journal;

/// <summary>Random latch records, and the header of this host and this boot.</summary>
internal static class JournalGen
{
    private static readonly PeerKey[] Keys = [.. Enumerable.Range(0, 3).Select(_ => SigningKey.Generate(SystemRandom.Instance).Public)];

    public static readonly JournalHeader Ours = new(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), Key(1));

    public static Gen<LatchRecord> Record { get; } =
        from flow in Flow
        from entry in Gen.String[Gen.Char.AlphaNumeric, 0, 30].Select(text => text + "é")
        from peer in Gen.Int[0, 3]
        from mode in Gen.Enum<SaMode>()
        from protection in Gen.Enum<ProtectionType>()
        from aead in OneOf([.. Algorithms.Aeads, .. Algorithms.OldCiphers])
        from esn in Gen.Bool
        from state in OneOf(LatchState.Established, LatchState.Broken, LatchState.Closed)
        from brokenBy in Gen.Enum<BreakReason>()
        from closedBy in Gen.Enum<ClosedReason>()
        from wasBroken in Gen.Bool
        from disposition in Gen.Enum<Disposition>().Nullable()
        from narrow in Gen.Bool
        from proof in Proof
        from moved in Gen.Bool
        select new LatchRecord(flow, entry, new ChannelParameters(flow.Local, flow.Remote, Key(1), Key(10 + peer), protection, mode, new QualityOfProtection(aead, esn)) { Moves = mode == SaMode.Tunnel && esn }, state)
        {
            BrokenBy = state == LatchState.Broken || (state == LatchState.Closed && wasBroken) ? brokenBy : null,
            ClosedBy = state == LatchState.Closed ? closedBy : null,
            Disposition = disposition,
            Narrow = narrow,
            Authentication = proof,
            Ends = moved ? new AddressPair(flow.Remote, flow.Local) : null,
        };

    private static Gen<PeerAuthentication?> Proof =>
        from known in Gen.Bool
        from ours in OneOf(Keys)
        from theirs in OneOf(Keys)
        from name in Gen.String[Gen.Char.AlphaNumeric, 1, 30].Null()
        from trust in OneOf("known", "first-use", "anyone")
        from digest in Gen.Byte.Array[32]
        from life in Gen.ULong.Nullable()
        select known
            ? new PeerAuthentication(ours, theirs, name, trust, digest, At: null) { Life = life is { } number ? new PeerLife(number, ((UInt128)number << 64) + 7) : null }
            : null;

    /// <summary>Few flows, so that histories speak of the same ones again and again.</summary>
    private static Gen<FlowKey> Flow =>
        from protocol in OneOf(IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Sctp)
        from v6 in Gen.Bool
        from remote in Gen.UInt[1, 2]
        from port in Gen.UShort[40000, 40003]
        select new FlowKey(protocol, Address(v6, 100), 7000, Address(v6, remote), port);

    public static KeyFingerprint Key(int number) => new([.. Enumerable.Repeat((byte)number, 32)]);

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static InetAddress Address(bool v6, uint number) => v6 ? InetAddress.FromV6(((UInt128)0x20010db8 << 96) + number) : InetAddress.FromV4(0xC0000200 + number);
}
