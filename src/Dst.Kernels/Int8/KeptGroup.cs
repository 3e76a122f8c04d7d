using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A group of <see cref="KeptChannels"/>.</summary>
/// <param name="First">The block that its first eight places come from.</param>
/// <param name="Second">The block of the others.</param>
/// <param name="Elements">Number of elements.</param>
internal readonly unsafe record struct KeptGroup(int First, int Second, int Elements)
{
    /// <summary>Bytes of a table, which says where places come from.</summary>
    public const int TableLength = 2 * Layout.CacheLine;

    private const int Half = Layout.Block / 2;
    private const int Wide = 64; // bytes of a vector of 512 bits
    private const int Narrow = 16; // of 128 bits

    /// <summary>A table of places of 16 bits: of two pixels of both blocks, then the bytes of each half of a pixel.</summary>
    public static void FillShorts(int[] lanes, Span<byte> table)
    {
        table[Wide..].Fill(byte.MaxValue);
        for (var i = 0; i < lanes.Length; i++)
        {
            for (var pixel = 0; pixel < 2; pixel++)
                table[2 * (pixel * Layout.Block + i)] = (byte)((i / Half * 2 + pixel) * Layout.Block + lanes[i]);
            var bytes = table[(Wide + (i / Half * 2 + lanes[i] / Half) * Narrow)..];
            for (var part = 0; part < sizeof(short); part++)
                bytes[i % Half * sizeof(short) + part] = (byte)(lanes[i] % Half * sizeof(short) + part);
        }
    }

    /// <summary>A table of places of 8 bits: of two pixels of the first block, and of two of the second.</summary>
    public static void FillBytes(int[] lanes, Span<byte> table)
    {
        table.Fill(byte.MaxValue);
        for (var i = 0; i < lanes.Length; i++)
        {
            for (var pixel = 0; pixel < 2; pixel++) table[(i / Half * 2 + pixel) * Narrow + i] = (byte)lanes[i];
        }
    }

    /// <summary>Moves places of 8 bits of some pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MoveBytes(byte* table, byte* first, byte* second, int pixels, byte* to)
    {
        var end = to + (nint)pixels * Narrow;
        if (Avx2.IsSupported)
        {
            var (ofFirst, ofSecond) = (Vector256.Load(table), Vector256.Load(table + 2 * Narrow));
            for (; to < end; first += 2 * Narrow, second += 2 * Narrow, to += 2 * Narrow)
                (Avx2.Shuffle(Vector256.Load(first), ofFirst) | Avx2.Shuffle(Vector256.Load(second), ofSecond)).Store(to);
            return;
        }

        for (; to < end; first += Narrow, second += Narrow, to += Narrow)
            (Vector128.ShuffleNative(Vector128.Load(first), Vector128.Load(table))
                | Vector128.ShuffleNative(Vector128.Load(second), Vector128.Load(table + 2 * Narrow))).Store(to);
    }

    /// <summary>Moves places of 16 bits of some pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MoveShorts<T>(byte* table, byte* first, byte* second, int pixels, byte* to) where T : unmanaged, ISumLanes<T>
    {
        var end = to + (nint)pixels * 2 * Narrow;
        if (typeof(T) == typeof(IntLanes512) && Avx512BW.IsSupported) MoveWide(table, first, second, to, end);
        else MoveNarrow(table + Wide, first, second, to, end);
    }

    /// <summary>Two pixels at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MoveWide(byte* table, byte* first, byte* second, byte* to, byte* end)
    {
        var from = Vector512.Load((short*)table);
        for (; to < end - Wide; first += 2 * Wide, second += 2 * Wide, to += 2 * Wide)
        {
            TwoPixels(first, second, from).Store((short*)to);
            TwoPixels(first + Wide, second + Wide, from).Store((short*)(to + Wide));
        }

        if (to < end) TwoPixels(first, second, from).Store((short*)to);
    }

    /// <summary>Two pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> TwoPixels(byte* first, byte* second, Vector512<short> from) =>
        Avx512BW.PermuteVar32x16x2(Vector512.Load((short*)first), from, Vector512.Load((short*)second));

    /// <summary>A pixel at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MoveNarrow(byte* table, byte* first, byte* second, byte* to, byte* end)
    {
        var isWide = Elements > Half / 2;
        for (; to < end; first += 2 * Narrow, second += 2 * Narrow, to += 2 * Narrow)
        {
            EightPlaces(first, table).Store(to);
            if (isWide) EightPlaces(second, table + 2 * Narrow).Store(to + Narrow);
        }
    }

    /// <summary>Eight places of sixteen. A byte of the table that is 255 gives 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> EightPlaces(byte* source, byte* table) =>
        Vector128.ShuffleNative(Vector128.Load(source), Vector128.Load(table))
        | Vector128.ShuffleNative(Vector128.Load(source + Narrow), Vector128.Load(table + Narrow));
}
