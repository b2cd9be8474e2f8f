namespace Latchkey.Crypto;

/// <summary>Which backend is used.</summary>
/// <param name="Backend">It passed the self-test.</param>
/// <param name="Refusal">Why a faster library that is installed is not used, as a sentence without a full stop; null when there is none, or it is used.</param>
public sealed record AeadChoice(AeadBackend Backend, string? Refusal)
{
    /// <summary>Takes the fast backend when it is there and right, else the plain one.</summary>
    /// <param name="load">The fast backend; null when it is not installed, or there is something wrong with it, which is said.</param>
    /// <exception cref="AeadSelfTestException">The plain backend does not compute what it should either.</exception>
    internal static AeadChoice Make(Func<(AeadBackend? Backend, string? Refusal)> load, AeadBackend plain)
    {
        AeadSelfTest.Run(plain);
        var (fast, refusal) = load();
        if (fast is null)
        {
            return new AeadChoice(plain, refusal);
        }

        try
        {
            AeadSelfTest.Run(fast);
            AeadSelfTest.Compare(fast, plain);
            return new AeadChoice(fast, null);
        }
        catch (AeadSelfTestException e)
        {
            return new AeadChoice(plain, $"{e.Message}; {plain} is used in its place");
        }
    }
}
