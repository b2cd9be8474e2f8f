using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Latchkey.Crypto;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Ike;

/// <summary>What all IKE SAs of a host share: settings, identity, time, randomness, timers, tables and the queue of outputs.</summary>
internal sealed class HostContext(IkeSettings settings, SigningKey identity, IResponderPolicy policy, IRandomSource random, InitGate gate)
{
    private readonly Queue<IkeOutput> _outputs = new();
    private uint _lastSa;
    private uint _lastChild;
    private uint _lastRequest;
    private uint _lastQuestion;

    public IkeSettings Settings => settings;

    /// <summary>For rekeys of an IKE SA.</summary>
    public ImmutableArray<IkeProposal> RekeyProposals { get; } =
        [.. settings.IkeProposals.Select(p => p.WithoutAdditional).DistinctBy(p => (p.Encryption, p.Prf, p.KeyExchange))];

    public bool OffersAdditional { get; } = settings.IkeProposals.Any(p => !p.AdditionalKeyExchange.IsEmpty);

    public SigningKey Identity => identity;

    public IResponderPolicy Policy => policy;

    public IRandomSource Random => random;

    public Timers Timers { get; } = new();

    public SaTable Table { get; } = new();

    public BirthCertificate? Birth { get; set; }

    /// <summary>How often it is told that somebody at an address could not prove who it is.</summary>
    public RateLimiter Unproved { get; } = new(TimeSpan.FromSeconds(1));

    public TokenMaker Tokens { get; } = new(settings.QcdSecrets);

    public InitGate Gate => gate;

    /// <summary>The time of the call that is being served.</summary>
    public TimeSpan Now { get; set; }

    public IkeSaHandle NextSaHandle() => new(++_lastSa);

    public ChildSaHandle NextChildHandle() => new(++_lastChild);

    public ChildRequestHandle NextRequestHandle() => new(++_lastRequest);

    public uint NextQuestion() => ++_lastQuestion;

    public void Emit(IkeOutput output) => _outputs.Enqueue(output);

    public bool TryTake([NotNullWhen(true)] out IkeOutput? output) => _outputs.TryDequeue(out output);

    public void Drop(IkeDropReason reason) => gate.Drops.Count(reason);

    public void Send(InetEndpoint local, InetEndpoint remote, byte[] message) => Emit(new SendDatagram(local, remote, message));

    public void Send(InetEndpoint local, InetEndpoint remote, IReadOnlyList<byte[]> datagrams)
    {
        foreach (var datagram in datagrams)
        {
            Send(local, remote, datagram);
        }
    }

    public void Send(InetEndpoint local, InetEndpoint remote, IkeMessage message) => Send(local, remote, message.ToBytes());

    public Timer After(TimeSpan delay, Action fire) =>
        Timers.Arm(delay < TimeSpan.MaxValue - Now ? Now + delay : TimeSpan.MaxValue, fire);

    public byte[] RandomOctets(int count)
    {
        var octets = new byte[count];
        random.Fill(octets);
        return octets;
    }

    /// <summary>32 octets: half the key of every prf we have, as RFC 7296 §2.10 wants.</summary>
    public byte[] Nonce() => RandomOctets(32);

    /// <summary>A random span in [0, <paramref name="limit"/>).</summary>
    public TimeSpan RandomSpan(TimeSpan limit) =>
        new((long)(limit.Ticks * (BinaryPrimitives.ReadUInt32BigEndian(RandomOctets(4)) / 4294967296.0)));

    /// <summary>An IKE SPI that is not zero and not in use here.</summary>
    public ulong NewIkeSpi()
    {
        ulong spi;
        do
        {
            spi = BinaryPrimitives.ReadUInt64BigEndian(RandomOctets(8));
        }
        while (spi == 0 || Table.IsSpiTaken(spi));

        return spi;
    }

    /// <summary>An inbound ESP SPI above the reserved range (RFC 4303 §2.1) and not in use here; reserved until released.</summary>
    public uint ReserveEspSpi()
    {
        uint spi;
        do
        {
            spi = BinaryPrimitives.ReadUInt32BigEndian(RandomOctets(4));
        }
        while (spi < 256 || !Table.ReserveEspSpi(spi));

        return spi;
    }
}
