using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Takes the sums of sixteen filters at each output of a row of a tile.</summary>
internal interface ISumOutput<T> where T : unmanaged, IIntLanes<T>
{
    /// <summary>Takes the sums of one output.</summary>
    void Store(T sums, int output);
}

/// <summary>
/// One dimension of F(m, 3) of a stride in whole numbers. Inputs and weights fit in 16 bits. Output i comes out as
/// <see cref="Factor"/>·2^k(i) times the sum of the convolution.
/// </summary>
internal unsafe interface IInt8Points
{
    /// <summary>Outputs m of a row.</summary>
    static abstract int Tile { get; }

    /// <summary>Inputs and products of a row: m + 2 with stride 1.</summary>
    static abstract int Count { get; }

    /// <summary>The odd factor of all outputs.</summary>
    static abstract int Factor { get; }

    /// <summary>The rows of G, in whole numbers.</summary>
    static abstract int[][] Weights { get; }

    /// <summary>k(output), the largest that of output 0.</summary>
    static abstract int ShiftOf(int output);

    /// <summary>Bᵀ times a row of bytes or shorts of sixteen channels; pitches are in elements.</summary>
    static abstract void Input<TElement>(TElement* source, nint sourcePitch, short* destination, nint pitch) where TElement : unmanaged;

    /// <summary>Aᵀ times a row of sums of sixteen filters; the pitch is in elements.</summary>
    static abstract void Output<T, TOutput>(int* source, nint pitch, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TOutput : ISumOutput<T>;

    /// <summary>Sixteen bytes or shorts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<short> Load<TElement>(TElement* source) where TElement : unmanaged =>
        typeof(TElement) == typeof(byte) ? Widened((byte*)source) : Vector256.Load((short*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Widened(byte* source)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int16(source);
        var (lower, upper) = Vector128.Widen(Vector128.Load(source));
        return Vector256.Create(lower, upper).AsInt16();
    }
}

/// <summary>
/// F(2, 3): the points 0, 1, −1 and infinity. An input is at most 8·255 in size after both dimensions, a weight 9·127.
/// </summary>
internal readonly unsafe struct Int8Points4 : IInt8Points
{
    public static int Tile
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Factor => 1;

    public static int[][] Weights => [[1, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftOf(int output) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TElement>(TElement* source, nint sourcePitch, short* destination, nint pitch) where TElement : unmanaged
    {
        var d0 = IInt8Points.Load(source);
        var d1 = IInt8Points.Load(source + sourcePitch);
        var d2 = IInt8Points.Load(source + 2 * sourcePitch);
        var d3 = IInt8Points.Load(source + 3 * sourcePitch);
        ((d0 - d2) << 1).Store(destination);
        (d1 + d2).Store(destination + pitch);
        (d2 - d1).Store(destination + 2 * pitch);
        ((d3 - d1) << 1).Store(destination + 3 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<T, TOutput>(int* source, nint pitch, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TOutput : ISumOutput<T>
    {
        var m1 = T.Load(source + pitch);
        var m2 = T.Load(source + 2 * pitch);
        output.Store(T.Add(T.Load(source), T.Add(m1, m2)), 0);
        output.Store(T.Add(T.Subtract(m1, m2), T.Load(source + 3 * pitch)), 1);
    }
}

/// <summary>
/// F(4, 3): the points 0, ±1, ±2 and infinity. An input is at most 68·255 in size after both dimensions, a weight 49·127.
/// </summary>
internal readonly unsafe struct Int8Points6 : IInt8Points
{
    public static int Tile
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 6;
    }

    public static int Factor => 3;

    public static int[][] Weights => [[3, 0, 0], [-1, -1, -1], [-1, 1, -1], [1, 2, 4], [1, -2, 4], [0, 0, 3]];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftOf(int output) => output switch { 0 => 3, 1 => 2, _ => 1 };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TElement>(TElement* source, nint sourcePitch, short* destination, nint pitch) where TElement : unmanaged
    {
        var d1 = IInt8Points.Load(source + sourcePitch);
        var d2 = IInt8Points.Load(source + 2 * sourcePitch);
        var d3 = IInt8Points.Load(source + 3 * sourcePitch);
        var d4 = IInt8Points.Load(source + 4 * sourcePitch);
        var (difference, four) = (d4 - d2, d3 - d1);
        var two = four + four;
        (difference + two).Store(destination + 3 * pitch);
        (difference - two).Store(destination + 4 * pitch);
        var (even, odd) = (d4 - (d2 << 2), d3 - (d1 << 2));
        (even + odd).Store(destination + pitch);
        (even - odd).Store(destination + 2 * pitch);
        (((IInt8Points.Load(source) - d2) << 2) + difference).Store(destination);
        (IInt8Points.Load(source + 5 * sourcePitch) - d3 - (four << 2)).Store(destination + 5 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<T, TOutput>(int* source, nint pitch, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TOutput : ISumOutput<T>
    {
        var m1 = T.Load(source + pitch);
        var m2 = T.Load(source + 2 * pitch);
        var m3 = T.Load(source + 3 * pitch);
        var m4 = T.Load(source + 4 * pitch);
        T evenOne = T.Add(m1, m2), oddOne = T.Subtract(m1, m2), evenTwo = T.Add(m3, m4), oddTwo = T.Subtract(m3, m4);
        var zero = T.Add(T.Load(source), T.Add(evenOne, evenOne));
        var infinity = T.Add(oddTwo, T.Load(source + 5 * pitch));
        output.Store(T.Add(T.Add(zero, zero), evenTwo), 0);
        output.Store(T.Add(T.Add(oddOne, oddOne), oddTwo), 1);
        output.Store(T.Add(evenOne, evenTwo), 2);
        output.Store(T.Add(T.Add(infinity, infinity), oddOne), 3);
    }
}

/// <summary>
/// F(4, 3) of stride 2. The even inputs meet the outer weights as in F(4, 2) at the points 0, ±1, 2 and infinity; each odd input meets the
/// middle weight. An input is at most 18·255 in size after both dimensions, a weight 36·127.
/// </summary>
internal readonly unsafe struct Int8Points9 : IInt8Points
{
    public static int Tile
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 9;
    }

    public static int Factor => 3;

    public static int[][] Weights =>
        [[3, 0, 0], [-3, 0, -3], [-1, 0, 1], [1, 0, 2], [0, 0, 6], [0, 6, 0], [0, 6, 0], [0, 6, 0], [0, 6, 0]];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftOf(int output) => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input<TElement>(TElement* source, nint sourcePitch, short* destination, nint pitch) where TElement : unmanaged
    {
        var even1 = IInt8Points.Load(source + 2 * sourcePitch);
        var even2 = IInt8Points.Load(source + 4 * sourcePitch);
        var even3 = IInt8Points.Load(source + 6 * sourcePitch);
        var (two, difference) = (even3 - even1, even3 - even2);
        (((IInt8Points.Load(source) - even2) << 1) + two).Store(destination);
        (difference - (even1 << 1)).Store(destination + pitch);
        (difference + ((even1 - even2) << 1)).Store(destination + 2 * pitch);
        two.Store(destination + 3 * pitch);
        (IInt8Points.Load(source + 8 * sourcePitch) - even2 - (two << 1)).Store(destination + 4 * pitch);
        IInt8Points.Load(source + sourcePitch).Store(destination + 5 * pitch);
        IInt8Points.Load(source + 3 * sourcePitch).Store(destination + 6 * pitch);
        IInt8Points.Load(source + 5 * sourcePitch).Store(destination + 7 * pitch);
        IInt8Points.Load(source + 7 * sourcePitch).Store(destination + 8 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<T, TOutput>(int* source, nint pitch, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TOutput : ISumOutput<T>
    {
        var m1 = T.Load(source + pitch);
        var m2 = T.Load(source + 2 * pitch);
        var m3 = T.Load(source + 3 * pitch);
        T even = T.Add(m1, m2), odd = T.Subtract(m1, m2);
        output.Store(T.Add(T.Add(T.Load(source), even), T.Add(m3, T.Load(source + 5 * pitch))), 0);
        output.Store(T.Add(T.Add(odd, T.ShiftLeft(m3, 1)), T.Load(source + 6 * pitch)), 1);
        output.Store(T.Add(T.Add(even, T.ShiftLeft(m3, 2)), T.Load(source + 7 * pitch)), 2);
        var last = T.Add(T.Load(source + 4 * pitch), T.Load(source + 8 * pitch));
        output.Store(T.Add(T.Add(odd, T.ShiftLeft(m3, 3)), last), 3);
    }
}
