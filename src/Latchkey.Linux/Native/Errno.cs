namespace Latchkey.Linux.Native;

/// <summary>Error numbers this room tells apart; <c>asm-generic/errno.h</c>.</summary>
internal static class Errno
{
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int IoError = 5;
    public const int Again = 11;
    public const int Exists = 17;
    public const int MessageTooBig = 90;
    public const int AddressFamilyNotSupported = 97;
    public const int AddressNotAvailable = 99;
    public const int NoBuffers = 105;
}
