using Latchkey.Crypto;

namespace Latchkey.Daemon.Reports;

/// <summary>The library that computes the ciphers, chosen at start (docs/decisions/crypto-libraries.md).</summary>
/// <param name="Library"><c>intel-ipsec-mb</c> or <c>OpenSSL</c>.</param>
/// <param name="Version">The library's own.</param>
/// <param name="Variant">What it takes on this processor; absent when it does not say.</param>
public sealed record CiphersReport(string Library, string Version, string? Variant)
{
    public static CiphersReport Of(AeadBackend backend) => new(backend.Library, backend.Version, backend.Variant);
}
