using System.Collections.Immutable;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Wire;
using Latchkey.Wire.Ike;

namespace Latchkey.Fuzz;

/// <summary>A real <see cref="IkeHost"/> whose cryptography is taken out behind its seams, and an owner who answers its questions.</summary>
internal sealed class StrippedHost : IResponderPolicy, IDisposable
{
    /// <summary>Far more than one message, deadline or command should ever cause.</summary>
    private const int MostOutputs = 500;

    private static ReadOnlySpan<byte> KeyPem => """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/SaKPKINVlyDxKOc
        OWGIaBSxUathAguXnPdolARhYq2hRANCAARgD430MpFyXr+9avWS5ENCYDnBH+2+
        jKqJmUXJyQfDc5qYNWgxpQlJvWVlPv9wkxvYaBoScMM0eF+l6qfuQQMv
        -----END PRIVATE KEY-----
        """u8;

    private static readonly IkeSettings Settings = new()
    {
        IkeProposals = [new IkeProposal([new TransparentAead()], [Algorithms.Prfs[0]], [new OpenKeyExchange()])],
        EspProposals = [new EspProposal([new TransparentAead()], []), new EspProposal([new TransparentAead()], [new OpenKeyExchange()])],
        CookieThreshold = 4,
        HalfOpenMaximum = 8,
    };

    private readonly IkeHost _host;
    private readonly SigningKey _key;
    private readonly Queue<SendDatagram> _sent = new();

    public StrippedHost(InetAddress address, ulong seed)
    {
        Address = address;
        _key = SigningKey.TryReadPem(KeyPem, out var key, out var error) ? key : throw new InvalidOperationException(error);
        _host = new IkeHost(Settings, _key, this, new SeededRandom(seed));
    }

    public InetAddress Address { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    /// <summary>How questions are answered: yes, no, or not at all.</summary>
    public int Mood { get; set; }

    public List<ChildSaHandle> Children { get; } = [];

    /// <summary>The SPIs of the last message this host sent.</summary>
    public (ulong SpiI, ulong SpiR) Spis { get; private set; }

    /// <summary>The message id of the last request it made.</summary>
    public uint LastRequest { get; private set; }

    public IEnumerable<IkeSaInfo> Sas => _host.Sas;

    public int HalfOpen => _host.HalfOpenCount;

    public static int HalfOpenMaximum => Settings.HalfOpenMaximum;

    public bool MayRespond(InetAddress local, InetAddress remote) => true;

    /// <summary>Child SAs are tunnels, so that their ends may move.</summary>
    public bool Tunnel { get; init; }

    public bool WantsTunnel(InetAddress local, InetAddress remote, SelectorSet selectors) => Tunnel;

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) => false;

    public ImmutableArray<AeadAlgorithm> Encryption(InetAddress local, InetAddress remote, SelectorSet selectors) => [];

    public ImmutableArray<EspSuite> Latched(InetAddress local, InetAddress remote, SelectorSet selectors) => [];

    public IReadOnlyCollection<InetAddress> OtherAddresses(InetAddress local, InetAddress remote) => [];

    public string? ObjectionToMove(IkeSaHandle sa, InetAddress local, InetAddress remote) => null;

    public PeerCredentials? CredentialsOf(InetAddress remote) => null;

    public void Do(Action<IkeHost> action)
    {
        action(_host);
        for (var outputs = 0; _host.TryTakeOutput(out var output); outputs++)
        {
            if (outputs == MostOutputs)
            {
                throw new PropertyBrokenException("one input causes a bounded number of outputs");
            }

            Take(output);
        }
    }

    public void Receive(InetEndpoint local, InetEndpoint remote, ReadOnlySpan<byte> datagram)
    {
        var octets = datagram.ToArray();
        Do(host => host.HandleDatagram(Now, local, remote, octets));
    }

    public void Pass(TimeSpan time)
    {
        var end = Now + time;
        for (var deadlines = 0; _host.NextDeadline is { } due && due <= end; deadlines++)
        {
            if (deadlines == MostOutputs)
            {
                throw new PropertyBrokenException("time that passes costs a bounded amount of work");
            }

            Now = due > Now ? due : Now;
            Do(host => host.HandleDeadline(Now));
        }

        Now = end;
    }

    public bool TryTakeSent(out SendDatagram datagram)
    {
        var any = _sent.TryDequeue(out var taken);
        datagram = taken!;
        return any;
    }

    public void Dispose()
    {
        _host.Dispose();
        _key.Dispose();
    }

    private void Take(IkeOutput output)
    {
        switch (output)
        {
            case SendDatagram datagram:
                Note(datagram.Message);
                _sent.Enqueue(datagram);
                break;
            case AuthorizePeer question when Mood != 2:
                _host.AnswerPeer(Now, question.Sa, Mood == 1 ? new PeerVerdict.Refuse("no") : new PeerVerdict.Accept(question.Child is { } offer ? new ChildVerdict.Accept(offer.Selectors) : null));
                break;
            case AuthorizeChild question when Mood != 2:
                _host.AnswerChild(Now, question.Sa, question.Question, Mood == 1 ? new ChildVerdict.Refuse("no") : new ChildVerdict.Accept(question.Child.Selectors));
                break;
            case ChildEstablished established:
                established.InboundKey.Dispose();
                established.OutboundKey.Dispose();
                Children.Add(established.Child);
                break;
            case ChildClosed closed:
                if (!Children.Remove(closed.Child))
                {
                    throw new PropertyBrokenException("a Child SA closes once, and only after it was established");
                }

                break;
        }
    }

    private void Note(byte[] message)
    {
        if (!IkeHeader.TryRead(message, out var header))
        {
            throw new PropertyBrokenException("what is sent is IKE");
        }

        if (header.SpiI != 0)
        {
            Spis = (header.SpiI, header.SpiR);
        }

        if (!header.IsResponse)
        {
            LastRequest = header.MessageId;
        }
    }
}
