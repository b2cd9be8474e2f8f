using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Crypto.Tests;

/// <summary>One private key of each kind, made once.</summary>
public static class TestKeys
{
    public static SigningKey Ed25519 { get; } = SigningKey.Generate(new SeededRandom(1));

    public static SigningKey EcdsaP256 { get; } = Read(Pem(ECDsa.Create(ECCurve.NamedCurves.nistP256)));

    public static SigningKey EcdsaP384 { get; } = Read(Pem(ECDsa.Create(ECCurve.NamedCurves.nistP384)));

    public static SigningKey Rsa { get; } = Read(Pem(RSA.Create(2048)));

    public static IReadOnlyList<SigningKey> All { get; } = [Ed25519, EcdsaP256, EcdsaP384, Rsa];

    public static SigningKey Read(string pem) =>
        SigningKey.TryReadPem(Encoding.UTF8.GetBytes(pem), out var key, out var error) ? key : throw new InvalidOperationException(error);

    public static string Pem(SigningKey key)
    {
        using var pem = key.ToPem();
        return Encoding.UTF8.GetString(pem.Span);
    }

    public static string Pem(AsymmetricAlgorithm key)
    {
        using (key)
        {
            return key.ExportPkcs8PrivateKeyPem();
        }
    }

    public static byte[] Spki(AsymmetricAlgorithm key)
    {
        using (key)
        {
            return key.ExportSubjectPublicKeyInfo();
        }
    }
}
