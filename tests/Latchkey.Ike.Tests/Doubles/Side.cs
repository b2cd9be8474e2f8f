using Latchkey.Crypto;
using Latchkey.Wire;
using Xunit;

namespace Latchkey.Ike.Tests;

/// <summary>One host of a <see cref="Pair"/>: an <see cref="IkeHost"/>, an owner that answers its questions, and all it ever said.</summary>
internal sealed class Side : IDisposable
{
    private readonly Pair _pair;

    public Side(Pair pair, string address, IkeSettings settings, int seed)
    {
        _pair = pair;
        var random = new SeededRandom(seed);
        Address = InetAddress.Parse(address);
        Key = SigningKey.Generate(random);
        Host = new IkeHost(settings, Key, Policy, random);
    }

    /// <summary>Where it is; it may move.</summary>
    public InetAddress Address { get; set; }

    public SigningKey Key { get; }

    public TestPolicy Policy { get; } = new();

    public IkeHost Host { get; }

    public List<IkeOutput> Log { get; } = [];

    /// <summary>Answers to questions; null leaves the question open.</summary>
    public Func<AuthorizePeer, PeerVerdict?> OnPeer { get; set; } =
        question => new PeerVerdict.Accept(question.Child is { } child ? new ChildVerdict.Accept(child.Selectors) : null);

    public Func<AuthorizeChild, ChildVerdict?> OnChild { get; set; } = question => new ChildVerdict.Accept(question.Child.Selectors);

    /// <summary>Child SAs announced and not closed.</summary>
    public Dictionary<ChildSaHandle, ChildEstablished> Children { get; } = [];

    public IEnumerable<T> Said<T>()
        where T : IkeOutput => Log.OfType<T>();

    public T Only<T>()
        where T : IkeOutput => Assert.Single(Said<T>());

    public (IkeSaHandle Sa, ChildRequestHandle Child) Initiate(
        Side to, SelectorSet? selectors = null, bool force = false, InitialContact initialContact = InitialContact.No, Persistence? persistence = null, bool tunnel = false)
    {
        var begun = Host.Initiate(
            _pair.Now, Address, to.Address, new ChildProposal(selectors ?? Pair.SelectorsBetween(this, to), [], [], tunnel), force, initialContact, persistence);
        Drain();
        return begun;
    }

    /// <summary>Calls the host and takes what it says.</summary>
    public void Do(Action<IkeHost> action)
    {
        action(Host);
        Drain();
    }

    public void Drain()
    {
        while (Host.TryTakeOutput(out var output))
        {
            Log.Add(output);
            Take(output);
        }
    }

    public void Dispose()
    {
        Host.Dispose();
        Key.Dispose();
    }

    private void Take(IkeOutput output)
    {
        switch (output)
        {
            case SendDatagram datagram:
                _pair.Wire.Send(_pair.Now, datagram.Local, datagram.Remote, datagram.Message);
                break;
            case AuthorizePeer question when OnPeer(question) is { } verdict:
                Host.AnswerPeer(_pair.Now, question.Sa, verdict);
                break;
            case AuthorizeChild question when OnChild(question) is { } verdict:
                Host.AnswerChild(_pair.Now, question.Sa, question.Question, verdict);
                break;
            case ChildEstablished child:
                Children.Add(child.Child, child);
                break;
            case ChildClosed child:
                Assert.True(Children.Remove(child.Child), "a Child SA closes once, and only after it was established");
                break;
        }
    }
}
