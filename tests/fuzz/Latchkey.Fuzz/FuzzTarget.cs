namespace Latchkey.Fuzz;

/// <summary>Something that takes octets from outside, and what must hold whatever they are.</summary>
public abstract class FuzzTarget
{
    /// <summary>As <c>./fuzz NAME</c> has it; the target's corpus is the folder of this name.</summary>
    public abstract string Name { get; }

    /// <summary>What it feeds, in a few words.</summary>
    public abstract string About { get; }

    /// <summary>Octets beyond which an input is cut; more tells nothing new and makes a run slow.</summary>
    public virtual int Longest => 4096;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new IpTarget(), new EspTarget(), new IkeMessageTarget(), new IkePayloadsTarget(), new IkeResponderTarget(), new PublicKeyTarget(),
        new VoucherTarget(), new PrivateKeyTarget(), new ConfigurationTarget(), new QuestionTarget(), new JournalTarget(), new NetlinkTarget(),
        new FromSocketsTarget(), new FromOutsideTarget(),
    ];

    /// <summary>Handles one input. Whatever it throws is a finding.</summary>
    public void Run(ReadOnlySpan<byte> input) => Handle(input.Length > Longest ? input[..Longest] : input);

    protected abstract void Handle(ReadOnlySpan<byte> input);

    /// <exception cref="PropertyBrokenException">It does not hold.</exception>
    protected static void Must(bool holds, string property) => PropertyBrokenException.Unless(holds, property);
}
