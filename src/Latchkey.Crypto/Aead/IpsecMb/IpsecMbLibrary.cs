using System.Runtime.InteropServices;

namespace Latchkey.Crypto;

/// <summary>The shared library, of a version whose insides are known.</summary>
/// <remarks>
/// Its calls are macros over a table of pointers, the manager, which the library fills with what fits the processor. Where
/// they stand differs between versions, so only those that were tested are taken, and what stands there must also be
/// what the library exports under the expected names: a pointer that is not is never called.
/// </remarks>
internal sealed unsafe class IpsecMbLibrary
{
    public const string Debian = "libIPSec_MB.so.1";

    // intel-ipsec-mb.h 1.3.0: IMB_VERSION_NUM, and offsets in struct IMB_MGR.
    private const uint Known = 0x10300;
    private const int Gcm128Encrypt = 256;
    private const int Gcm256Encrypt = 272;
    private const int Gcm128Decrypt = 280;
    private const int Gcm256Decrypt = 296;
    private const int Gcm128ExpandKey = 448;
    private const int Gcm256ExpandKey = 464;
    private const int ChaChaBegin = 920;
    private const int ChaChaEncrypt = 928;
    private const int ChaChaDecrypt = 936;
    private const int ChaChaFinish = 944;

    private static readonly string[] Variants = ["vaes_avx512", "avx512", "avx_gen4", "avx_gen2", "sse", "fma_avx512", "avx2", "avx"];

    private readonly string _name;
    private readonly nint _library;

    private IpsecMbLibrary(string name, nint library) => (_name, _library) = (name, library);

    public string Version => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("imb_get_version_str"))()) ?? "without a version";

    /// <param name="name">As dlopen(3) takes it.</param>
    /// <returns>Null when it is not installed.</returns>
    /// <exception cref="IpsecMbException">It is, and of a version that was not tested.</exception>
    public static IpsecMbLibrary? Open(string name)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || !NativeLibrary.TryLoad(name, out var handle))
        {
            return null;
        }

        var library = new IpsecMbLibrary(name, handle);
        var version = ((delegate* unmanaged<uint>)library.Export("imb_get_version"))();
        return version == Known ? library : throw new IpsecMbException($"{name} is of version {library.Version}, and only 1.3.0 was tested with this program");
    }

    /// <exception cref="IpsecMbException">The manager is not laid out as it should be.</exception>
    public IpsecMbFunctions Functions()
    {
        var allocate = (delegate* unmanaged<ulong, byte*>)Export("alloc_mb_mgr");
        var fill = (delegate* unmanaged<byte*, int*, void>)Export("init_mb_mgr_auto");
        var free = (delegate* unmanaged<byte*, void>)Export("free_mb_mgr");
        var manager = allocate(0);
        if (manager is null)
        {
            throw new IpsecMbException($"{_name} gives no manager");
        }

        try
        {
            int architecture;
            fill(manager, &architecture);
            var (encrypt, variant) = Find(manager, Gcm256Encrypt, "aes_gcm_enc_256");
            return new IpsecMbFunctions(
                variant,
                new IpsecMbAesGcm(
                    Find(manager, Gcm128ExpandKey, "aes_gcm_pre_128").Function, Find(manager, Gcm128Encrypt, "aes_gcm_enc_128").Function, Find(manager, Gcm128Decrypt, "aes_gcm_dec_128").Function),
                new IpsecMbAesGcm(Find(manager, Gcm256ExpandKey, "aes_gcm_pre_256").Function, encrypt, Find(manager, Gcm256Decrypt, "aes_gcm_dec_256").Function),
                new IpsecMbChaCha20Poly1305(
                    // The only one without a name; it stands before three that have one.
                    At(manager, ChaChaBegin),
                    Find(manager, ChaChaEncrypt, "update_enc_chacha20_poly1305").Function,
                    Find(manager, ChaChaDecrypt, "update_dec_chacha20_poly1305").Function,
                    Find(manager, ChaChaFinish, "finalize_chacha20_poly1305").Function));
        }
        finally
        {
            free(manager);
        }
    }

    private static nint At(byte* manager, int offset) => *(nint*)(manager + offset);

    private (nint Function, string Variant) Find(byte* manager, int offset, string name)
    {
        var function = At(manager, offset);
        foreach (var variant in Variants)
        {
            if (NativeLibrary.TryGetExport(_library, $"{name}_{variant}", out var exported) && exported == function)
            {
                return (function, variant);
            }
        }

        throw new IpsecMbException($"{_name} is built otherwise than the tested one: what should be {name} is not");
    }

    private nint Export(string name) =>
        NativeLibrary.TryGetExport(_library, name, out var function) ? function : throw new IpsecMbException($"{_name} has no {name}");
}
