namespace Latchkey.Interop;

/// <summary>What every case needs and none of them makes: paths.</summary>
/// <param name="Product">The latchkey program.</param>
/// <param name="Machine">The folder of what boots a machine with ESP.</param>
/// <param name="Credentials">The folder of keys and certificates.</param>
/// <param name="Libreswan">The folder with the files of Debian's package of it.</param>
public sealed record Tools(string Product, string Machine, string Libreswan, string Credentials);
