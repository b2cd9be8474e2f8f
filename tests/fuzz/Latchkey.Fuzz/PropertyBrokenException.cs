namespace Latchkey.Fuzz;

/// <summary>An input was found that breaks what must hold for every input.</summary>
public sealed class PropertyBrokenException(string property) : Exception(property);
