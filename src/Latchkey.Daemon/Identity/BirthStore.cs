using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Ike;

namespace Latchkey.Daemon.Identity;

/// <summary>
/// This host's birth certificate in the state directory: the secret of its digest (32 octets), number (8) and digest (16) of
/// the life, and how long after the kernel's boot it began, in milliseconds (8). A life begins with a boot, and whenever the
/// latches of live connections were lost.
/// </summary>
internal sealed class BirthStore : IDisposable
{
    private const string What = "birth certificate";
    private const int KeyLength = 32;
    private const int FileLength = KeyLength + 8 + 16 + 8;

    private readonly string _file;
    private readonly SecretBytes _key;
    private readonly Guid _boot;
    private readonly Func<TimeSpan> _uptime;
    private ulong _number;
    private UInt128 _digest;
    private TimeSpan _began;

    private BirthStore(string file, SecretBytes key, Guid boot, Func<TimeSpan> uptime) => (_file, _key, _boot, _uptime) = (file, key, boot, uptime);

    /// <param name="boot">Another value after each boot of the kernel.</param>
    /// <param name="uptime">Time since that boot.</param>
    /// <exception cref="StartupException">The file is damaged, open to others, or cannot be read or written.</exception>
    public static BirthStore Load(string file, IRandomSource random, Guid boot, Func<TimeSpan> uptime)
    {
        const string Remedy = "delete it: peers will take this host for one that restarted";
        if (!File.Exists(file))
        {
            var key = new SecretBytes(KeyLength);
            random.Fill(key.Span);
            var first = new BirthStore(file, key, boot, uptime);
            first.Begin(TimeSpan.Zero);
            return first;
        }

        var octets = OwnersFile.Read(file, What, FileLength, Remedy);
        if (octets.Length != FileLength)
        {
            throw new StartupException($"the {What} {file} is damaged", Remedy);
        }

        var store = new BirthStore(file, new SecretBytes(octets.AsSpan(0, KeyLength)), boot, uptime)
        {
            _number = BinaryPrimitives.ReadUInt64BigEndian(octets.AsSpan(KeyLength)),
            _digest = BinaryPrimitives.ReadUInt128BigEndian(octets.AsSpan(KeyLength + 8)),
            _began = TimeSpan.FromMilliseconds((long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(octets.AsSpan(KeyLength + 24)), uint.MaxValue * 1000UL)),
        };
        CryptographicOperations.ZeroMemory(octets);
        if (store._digest != store.DigestOf(store._number))
        {
            store.Begin(TimeSpan.Zero);
        }

        return store;
    }

    /// <summary>The certificate of this life.</summary>
    /// <param name="now">On the clock that its beginning shall be told by.</param>
    public BirthCertificate Certificate(TimeSpan now) => new(_number, _digest, now - (_uptime() - _began));

    /// <summary>
    /// The connections that peers know of are lost, though the kernel has run on: a new life begins, so that peers break
    /// their latches instead of waiting for us.
    /// </summary>
    /// <exception cref="StartupException">It cannot be written.</exception>
    public void BeginAnew() => Begin(_uptime());

    public void Dispose() => _key.Dispose();

    private void Begin(TimeSpan afterBoot)
    {
        (_number, _began) = (_number + 1, afterBoot);
        _digest = DigestOf(_number);
        var octets = GC.AllocateArray<byte>(FileLength, pinned: true);
        _key.Span.CopyTo(octets);
        BinaryPrimitives.WriteUInt64BigEndian(octets.AsSpan(KeyLength), _number);
        BinaryPrimitives.WriteUInt128BigEndian(octets.AsSpan(KeyLength + 8), _digest);
        BinaryPrimitives.WriteUInt64BigEndian(octets.AsSpan(KeyLength + 24), (ulong)_began.TotalMilliseconds);
        try
        {
            OwnersFile.WriteOrRefuse(_file, What, octets);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    // A keyed digest: the boot id itself is known to every program on this host, and nobody else's business.
    private UInt128 DigestOf(ulong number)
    {
        var boot = Encoding.ASCII.GetBytes($"{_boot}");
        var text = new byte[8 + boot.Length];
        BinaryPrimitives.WriteUInt64BigEndian(text, number);
        boot.CopyTo(text, 8);
        return BinaryPrimitives.ReadUInt128BigEndian(HMACSHA256.HashData(_key.Span, text));
    }
}
