using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Latchkey.Crypto;
using Latchkey.Latching;
using Latchkey.Wire;

namespace Latchkey.Daemon.Journal;

/// <summary>
/// The body of a journal record: fields, each a number (1 octet), a length (2) and a value, in network order. A fact more
/// is a field more, absent from older records. States and reasons are written by name, so that their numbers may change.
/// </summary>
internal static class LatchRecordFormat
{
    /// <summary>More than most records take, so that one is written without looking for room again.</summary>
    private const int TypicalLength = 512;

    private enum Field : byte
    {
        /// <summary>Protocol (1), address length (1), local address and port, remote address and port.</summary>
        Flow = 1,

        /// <summary>Name of the protect entry, UTF-8.</summary>
        Entry = 2,

        /// <summary>P4 and P5: our key's fingerprint (32), the peer's (32).</summary>
        Keys = 3,

        /// <summary>P1 (1), P2 (1), and P3: transform id (2), key length in bits or 0 (2), 64-bit sequence numbers (1).</summary>
        Protection = 4,

        /// <summary>The addresses of the channel: length (1), local, remote.</summary>
        Addresses = 5,
        State = 6,
        BrokenBy = 7,
        ClosedBy = 8,

        /// <summary>The owner's choice, by name.</summary>
        Disposition = 9,

        /// <summary>Empty: the owner asked for a Child SA of its own.</summary>
        Narrow = 10,

        /// <summary>How the peer proved itself: digest of what both signed (32), length of our SubjectPublicKeyInfo (2), it, the peer's.</summary>
        Proof = 11,

        /// <summary>How the peer's key was let in, UTF-8.</summary>
        Trust = 12,

        /// <summary>The peer's name, UTF-8.</summary>
        PeerName = 13,

        /// <summary>The peer's life in which it proved itself: number (8), digest (16).</summary>
        Life = 14,

        /// <summary>Empty: this host forwards the flow.</summary>
        Forwarded = 15,

        /// <summary>Empty: the addresses of the channel name a tunnel that may move.</summary>
        Moves = 16,

        /// <summary>Where the two ends of that tunnel were: length of an address (1), local, remote.</summary>
        Ends = 17,
    }

    public static ReadOnlySpan<byte> ToBytes(LatchRecord record)
    {
        var output = new ArrayBufferWriter<byte>(TypicalLength);
        Span<byte> value = stackalloc byte[64];
        var flow = record.Flow;
        value[0] = (byte)flow.Protocol;
        value[1] = (byte)flow.Local.Length;
        var at = 2 + flow.Local.CopyTo(value[2..]);
        BinaryPrimitives.WriteUInt16BigEndian(value[at..], flow.LocalPort);
        at += 2 + flow.Remote.CopyTo(value[(at + 2)..]);
        BinaryPrimitives.WriteUInt16BigEndian(value[at..], flow.RemotePort);
        Write(output, Field.Flow, value[..(at + 2)]);

        var channel = record.Channel;
        Write(output, Field.Entry, record.Entry);
        channel.LocalKey.ToBytes().CopyTo(value);
        channel.PeerKey.ToBytes().CopyTo(value[32..]);
        Write(output, Field.Keys, value);

        value[0] = (byte)channel.Protection;
        value[1] = (byte)channel.Mode;
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(channel.Quality.Encryption.TransformId | ((channel.Quality.Encryption.IntegrityId ?? 0) << 8)));
        BinaryPrimitives.WriteUInt16BigEndian(value[4..], (ushort)(channel.Quality.Encryption.KeyLengthAttribute ?? 0));
        value[6] = channel.Quality.Esn ? (byte)1 : (byte)0;
        Write(output, Field.Protection, value[..7]);

        Write(output, Field.Addresses, channel.Path);

        if (channel.Moves)
        {
            Write(output, Field.Moves, default(ReadOnlySpan<byte>));
        }

        if (record.Ends is { } ends)
        {
            Write(output, Field.Ends, ends);
        }

        Write(output, Field.State, record.State.ToString());
        if (record.BrokenBy is { } brokenBy)
        {
            Write(output, Field.BrokenBy, brokenBy.ToString());
        }

        if (record.ClosedBy is { } closedBy)
        {
            Write(output, Field.ClosedBy, closedBy.ToString());
        }

        if (record.Disposition is { } disposition)
        {
            Write(output, Field.Disposition, disposition.ToString());
        }

        if (record.Narrow)
        {
            Write(output, Field.Narrow, default(ReadOnlySpan<byte>));
        }

        if (record.Authentication is { } proof)
        {
            Write(output, proof);
        }

        if (record.IsForwarded)
        {
            Write(output, Field.Forwarded, default(ReadOnlySpan<byte>));
        }

        return output.WrittenSpan;
    }

    /// <exception cref="JournalException">It is not what <see cref="ToBytes"/> writes; the message says where.</exception>
    /// <param name="proofs">Many latches have one proof, and share what was read of it.</param>
    public static LatchRecord Read(ReadOnlySpan<byte> body, Dictionary<string, (PeerKey Local, PeerKey Peer, byte[] Digest)> proofs)
    {
        FlowKey? flow = null;
        string? entry = null;
        (KeyFingerprint Local, KeyFingerprint Peer)? keys = null;
        (ProtectionType Protection, SaMode Mode, QualityOfProtection Quality)? protection = null;
        AddressPair? addresses = null;
        AddressPair? ends = null;
        LatchState? state = null;
        BreakReason? brokenBy = null;
        ClosedReason? closedBy = null;
        Disposition? disposition = null;
        var (narrow, forwarded, moves) = (false, false, false);
        (PeerKey Local, PeerKey Peer, byte[] Digest)? proof = null;
        string? trust = null;
        string? name = null;
        PeerLife? life = null;
        while (!body.IsEmpty)
        {
            var reader = new FieldReader(body);
            switch ((Field)reader.Number)
            {
                case Field.Flow:
                    var (protocol, length) = ((IpProtocol)reader.Octet(), reader.AddressLength());
                    flow = new FlowKey(protocol, reader.Address(length), reader.UInt16(), reader.Address(length), reader.UInt16());
                    break;
                case Field.Entry:
                    entry = reader.Text();
                    break;
                case Field.Keys:
                    keys = (reader.Key(), reader.Key());
                    break;
                case Field.Protection:
                    protection = (Known((ProtectionType)reader.Octet()), Known((SaMode)reader.Octet()), Quality(reader.UInt16(), reader.UInt16(), reader.Octet()));
                    break;
                case Field.Addresses:
                    addresses = reader.Addresses();
                    break;
                case Field.Ends:
                    ends = reader.Addresses();
                    break;
                case Field.State:
                    state = Named<LatchState>(reader.Text());
                    break;
                case Field.BrokenBy:
                    brokenBy = Named<BreakReason>(reader.Text());
                    break;
                case Field.ClosedBy:
                    closedBy = Named<ClosedReason>(reader.Text());
                    break;
                case Field.Disposition:
                    disposition = Named<Disposition>(reader.Text());
                    break;
                case Field.Narrow:
                    narrow = true;
                    break;
                case Field.Moves:
                    moves = true;
                    break;
                case Field.Proof:
                    proof = Proof(reader.Octets(), proofs);
                    break;
                case Field.Trust:
                    trust = reader.Text();
                    break;
                case Field.PeerName:
                    name = reader.Text();
                    break;
                case Field.Forwarded:
                    forwarded = true;
                    break;
                case Field.Life:
                    life = new PeerLife(reader.UInt64(), reader.UInt128());
                    break;
                default:
                    // What a newer program found worth keeping must not be lost by an older one.
                    throw new JournalException($"it holds field {reader.Number}, which this program does not know");
            }

            body = reader.Rest();
        }

        if (flow is not { } f || entry is null || keys is not { } k || protection is not { } p || addresses is not { } a || state is not { } s)
        {
            throw new JournalException("it lacks a field");
        }

        if (s is not (LatchState.Established or LatchState.Broken or LatchState.Closed) || (s == LatchState.Broken && brokenBy is null) || (s == LatchState.Closed) != (closedBy is not null))
        {
            throw new JournalException($"it says {s}, broken by {brokenBy?.ToString() ?? "nothing"}, closed by {closedBy?.ToString() ?? "nothing"}");
        }

        return new LatchRecord(f, entry, new ChannelParameters(a.Local, a.Remote, k.Local, k.Peer, p.Protection, p.Mode, p.Quality) { Moves = moves }, s)
        {
            BrokenBy = brokenBy,
            ClosedBy = closedBy,
            Disposition = disposition,
            Narrow = narrow,
            IsForwarded = forwarded,
            Ends = ends,
            Authentication = proof is { } proved && trust is not null ? new PeerAuthentication(proved.Local, proved.Peer, name, trust, proved.Digest, At: null) { Life = life } : null,
        };
    }

    private static void Write(ArrayBufferWriter<byte> output, PeerAuthentication proof)
    {
        var digest = proof.AuthDigest.Span;
        var ours = proof.Local.SubjectPublicKeyInfo;
        var theirs = proof.Peer.SubjectPublicKeyInfo;
        var proved = Begin(output, Field.Proof, digest.Length + sizeof(ushort) + ours.Length + theirs.Length);
        digest.CopyTo(proved);
        BinaryPrimitives.WriteUInt16BigEndian(proved[digest.Length..], checked((ushort)ours.Length));
        ours.CopyTo(proved[(digest.Length + sizeof(ushort))..]);
        theirs.CopyTo(proved[(digest.Length + sizeof(ushort) + ours.Length)..]);
        Write(output, Field.Trust, proof.Trust);
        if (proof.PeerName is { } name)
        {
            Write(output, Field.PeerName, name);
        }

        if (proof.Life is { } life)
        {
            Span<byte> value = stackalloc byte[24];
            BinaryPrimitives.WriteUInt64BigEndian(value, life.Number);
            BinaryPrimitives.WriteUInt128BigEndian(value[8..], life.Digest);
            Write(output, Field.Life, value);
        }
    }

    private static (PeerKey Local, PeerKey Peer, byte[] Digest) Proof(ReadOnlySpan<byte> octets, Dictionary<string, (PeerKey Local, PeerKey Peer, byte[] Digest)> proofs)
    {
        var text = Convert.ToHexString(octets);
        if (!proofs.TryGetValue(text, out var proof))
        {
            var length = octets.Length < 34 ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(octets[32..]);
            if (length > octets.Length - 34
                || !PeerKey.TryRestore(octets.Slice(34, length), out var ours) || !PeerKey.TryRestore(octets[(34 + length)..], out var theirs))
            {
                throw new JournalException("it holds a proof that cannot be read");
            }

            proofs.Add(text, proof = (ours, theirs, octets[..32].ToArray()));
        }

        return proof;
    }

    private static QualityOfProtection Quality(ushort transform, ushort keyLength, byte esn) =>
        Algorithms.FindCipher((byte)transform, keyLength == 0 ? null : keyLength, transform >> 8 == 0 ? null : (ushort)(transform >> 8)) is { } aead && esn <= 1
            ? new QualityOfProtection(aead, esn == 1)
            : throw new JournalException($"it names algorithm {transform} with {keyLength} bits, which this program does not know");

    private static T Known<T>(T value)
        where T : struct, Enum => Enum.IsDefined(value) ? value : throw new JournalException($"it holds {typeof(T).Name} {value:D}, which this program does not know");

    private static T Named<T>(string name)
        where T : struct, Enum => Enum.TryParse<T>(name, out var value) && value.ToString() == name ? value : throw new JournalException($"it holds {typeof(T).Name} '{name}', which this program does not know");

    private static void Write(ArrayBufferWriter<byte> output, Field field, AddressPair addresses)
    {
        Span<byte> value = stackalloc byte[1 + 16 + 16];
        value[0] = (byte)addresses.Local.Length;
        var at = 1 + addresses.Local.CopyTo(value[1..]);
        at += addresses.Remote.CopyTo(value[at..]);
        Write(output, field, value[..at]);
    }

    private static void Write(ArrayBufferWriter<byte> output, Field field, string text)
    {
        Span<byte> value = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        Write(output, field, value[..Encoding.UTF8.GetBytes(text, value)]);
    }

    private static void Write(ArrayBufferWriter<byte> output, Field field, ReadOnlySpan<byte> value) =>
        value.CopyTo(Begin(output, field, value.Length));

    /// <returns>Where the value is to be put.</returns>
    private static Span<byte> Begin(ArrayBufferWriter<byte> output, Field field, int length)
    {
        var span = output.GetSpan(3 + length);
        span[0] = (byte)field;
        BinaryPrimitives.WriteUInt16BigEndian(span[1..], checked((ushort)length));
        output.Advance(3 + length);
        return span.Slice(3, length);
    }

    /// <summary>Reads one field from the front; whatever is short or left over is an error.</summary>
    private ref struct FieldReader
    {
        private readonly ReadOnlySpan<byte> _rest;
        private ReadOnlySpan<byte> _value;

        public FieldReader(ReadOnlySpan<byte> body)
        {
            var length = body.Length < 3 ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(body[1..]);
            if (length > body.Length - 3)
            {
                throw new JournalException("a field is cut short");
            }

            Number = body[0];
            _value = body.Slice(3, length);
            _rest = body[(3 + length)..];
        }

        public byte Number { get; }

        public byte Octet() => Take(1)[0];

        public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

        public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

        public UInt128 UInt128() => BinaryPrimitives.ReadUInt128BigEndian(Take(16));

        public KeyFingerprint Key() => new(Take(32));

        public int AddressLength() => Octet() is var length && length is 4 or 16 ? length : throw new JournalException($"an address of {length} octets");

        public InetAddress Address(int length) => InetAddress.FromBytes(Take(length));

        public AddressPair Addresses()
        {
            var length = AddressLength();
            return new AddressPair(Address(length), Address(length));
        }

        public ReadOnlySpan<byte> Octets() => Take(_value.Length);

        public string Text() => Encoding.UTF8.GetString(Take(_value.Length));

        /// <summary>What follows the field, which must have been read to its end.</summary>
        public readonly ReadOnlySpan<byte> Rest() => _value.IsEmpty ? _rest : throw new JournalException($"field {Number} is too long");

        private ReadOnlySpan<byte> Take(int length)
        {
            if (length > _value.Length)
            {
                throw new JournalException($"field {Number} is too short");
            }

            var taken = _value[..length];
            _value = _value[length..];
            return taken;
        }
    }
}
