using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Ike;
using Latchkey.Wire;

namespace Latchkey.Bench.Handshakes;

/// <summary>
/// Makes IKE SAs with a Child SA, some at a time, and deletes each as soon as the responder's IKE_AUTH is there and proved: then the
/// responder has done all it has to. Whether its Child SA is of the mode that we asked for is not looked at.
/// </summary>
internal sealed class Initiator : IResponderPolicy, IDisposable
{
    private const int LargestMessage = 65_507;

    /// <summary>Octets of zeros before IKE on port 4500 (RFC 3948 §2.2).</summary>
    private const int MarkerLength = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly InetAddress _local;
    private readonly InetAddress _remote;
    private readonly SelectorSet _selectors;
    private readonly PeerCredentials _credentials;
    private readonly SigningKey _identity = SigningKey.Generate(SystemRandom.Instance);
    private readonly Dictionary<ushort, Socket> _sockets;
    private readonly byte[] _buffer = new byte[LargestMessage];
    private readonly IkeHost _host;
    private int _done;
    private string? _failure;

    public Initiator(InetAddress local, InetAddress remote, string method, string secret)
    {
        (_local, _remote) = (local, remote);
        _selectors = SelectorSet.Of(TrafficSelector.For(InetPrefix.Of(local), (byte)IpProtocol.Tcp), TrafficSelector.For(InetPrefix.Of(remote), (byte)IpProtocol.Tcp));
        _sockets = new ushort[] { 500, 4500 }.ToDictionary(port => port, Open);
        var shared = new SecretBytes(Encoding.ASCII.GetBytes(secret));
        _credentials = new PeerCredentials("responder", new PeerProof.SharedKey(shared), new OwnProof.SharedKey(shared));
        var cipher = Algorithms.FindAead(20, 256)!;
        _host = new IkeHost(
            new IkeSettings
            {
                IkeProposals =
                [
                    new IkeProposal([cipher], [Algorithms.FindPrf(5)!], [Algorithms.FindKeyExchange(method == Methods.P256 ? (ushort)19 : (ushort)31)!])
                    {
                        AdditionalKeyExchange = method == Methods.Hybrid ? [Algorithms.MlKem768] : [],
                    },
                ],
                EspProposals = [new EspProposal([cipher], [])],
            },
            _identity, this, SystemRandom.Instance);
    }

    /// <param name="atOnce">IKE SAs that are being made at any time.</param>
    /// <returns>How long it took, in seconds.</returns>
    /// <exception cref="InvalidOperationException">One of them failed.</exception>
    public double Make(int count, int atOnce)
    {
        var begun = 0;
        var clock = Stopwatch.StartNew();
        while (_done < count && _failure is null)
        {
            for (; begun < count && begun - _done < atOnce; begun++)
            {
                _host.Initiate(clock.Elapsed, _local, _remote, new ChildProposal(_selectors), forceUdpEncapsulation: true, InitialContact.No);
            }

            Drain(clock.Elapsed);
            var ready = _sockets.Values.ToList();
            Socket.Select(ready, null, null, Wait(clock.Elapsed));
            foreach (var socket in ready)
            {
                Receive(socket, clock);
            }

            if (_host.NextDeadline is { } due && due <= clock.Elapsed)
            {
                _host.HandleDeadline(clock.Elapsed);
            }

            _failure ??= clock.Elapsed > Limit ? $"{_done} of {count} were done after {Limit.TotalSeconds:0} s" : null;
        }

        return _failure is null ? clock.Elapsed.TotalSeconds : throw new InvalidOperationException(_failure);
    }

    public bool MayRespond(InetAddress local, InetAddress remote) => false;

    public bool ForceUdpEncapsulation(InetAddress local, InetAddress remote) => true;

    public ImmutableArray<AeadAlgorithm> Encryption(InetAddress local, InetAddress remote, SelectorSet selectors) => [];

    public ImmutableArray<EspSuite> Latched(InetAddress local, InetAddress remote, SelectorSet selectors) => [];

    public bool WantsTunnel(InetAddress local, InetAddress remote, SelectorSet selectors) => false;

    public IReadOnlyCollection<InetAddress> OtherAddresses(InetAddress local, InetAddress remote) => [];

    public string? ObjectionToMove(IkeSaHandle sa, InetAddress local, InetAddress remote) => "nothing moves here";

    public PeerCredentials? CredentialsOf(InetAddress remote) => _credentials;

    public void Dispose()
    {
        _host.Dispose();
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }

        _identity.Dispose();
    }

    private Socket Open(ushort port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(_local.ToIPAddress(), port));
        socket.Connect(new IPEndPoint(_remote.ToIPAddress(), port));
        return socket;
    }

    private void Receive(Socket socket, Stopwatch clock)
    {
        var port = _sockets.First(pair => pair.Value == socket).Key;
        var marker = port == 500 ? 0 : MarkerLength;
        while (socket.Available > 0)
        {
            var length = socket.Receive(_buffer);
            if (length > marker)
            {
                _host.HandleDatagram(clock.Elapsed, new InetEndpoint(_local, port), new InetEndpoint(_remote, port), _buffer.AsSpan(marker..length));
                Drain(clock.Elapsed);
            }
        }
    }

    private void Send(SendDatagram datagram) =>
        _sockets[datagram.Local.Port].Send(datagram.Local.Port == 500 ? datagram.Message : [.. new byte[MarkerLength], .. datagram.Message]);

    /// <returns>Microseconds.</returns>
    private int Wait(TimeSpan now) => _host.NextDeadline is { } due ? (int)Math.Clamp((due - now).TotalMicroseconds, 0, 1_000_000) : 1_000_000;

    private void Drain(TimeSpan now)
    {
        while (_host.TryTakeOutput(out var output))
        {
            switch (output)
            {
                case SendDatagram send:
                    Send(send);
                    break;
                case AuthorizePeer question:
                    _done++;
                    _host.AnswerPeer(now, question.Sa, new PeerVerdict.Refuse("it was only to be measured"));
                    break;
                case IkeSaClosed { Reason: not CloseReason.PeerNotAuthenticated } closed:
                    _failure ??= closed.Text;
                    break;
            }
        }
    }
}
