namespace Latchkey.Interop;

/// <summary>What every case needs and none of them makes: paths.</summary>
/// <param name="Product">The latchkey program.</param>
/// <param name="Machine">The folder of what boots a machine with ESP.</param>
/// <param name="Credentials">The folder of keys and certificates.</param>
public sealed record Tools(string Product, string Machine, string Credentials);
