using System.Diagnostics.CodeAnalysis;

namespace Latchkey.Fuzz;

/// <summary>An input was found that breaks what must hold for every input.</summary>
public sealed class PropertyBrokenException(string property) : Exception(property)
{
    /// <exception cref="PropertyBrokenException">It does not hold.</exception>
    public static void Unless([DoesNotReturnIf(false)] bool holds, string property)
    {
        if (!holds)
        {
            throw new PropertyBrokenException(property);
        }
    }
}
