namespace Latchkey.Lab;

/// <summary>The laboratory could not do what a scenario asked of it; the message says what, in words for a person.</summary>
public sealed class LabException : Exception
{
    public LabException(string message)
        : base(message)
    {
    }
}
