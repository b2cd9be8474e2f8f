using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Latchkey.Datapath;

/// <summary>Brings memory that will soon be read nearer to the processor, which goes on meanwhile.</summary>
internal static class Prefetch
{
    /// <summary>Asks for the cache line of a field; where the processor has no such instruction, who reads it first waits.</summary>
    /// <remarks>Only an address is taken, and nothing is read: should the object be moved meanwhile, the line was fetched in vain.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Line<T>(ref readonly T field)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in field)));
        }
    }
}
