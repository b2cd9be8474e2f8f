namespace Latchkey.Lab.Stories;

/// <summary>One claim and what was seen.</summary>
/// <param name="Observed">The fact that decided, in a few words.</param>
public sealed record Check(string Name, bool Passed, string Observed);
