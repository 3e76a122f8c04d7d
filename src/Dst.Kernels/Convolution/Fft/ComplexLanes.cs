using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Sixteen complex numbers, one for each channel of a block.</summary>
internal readonly unsafe struct ComplexLanes<T>(T re, T im) where T : unmanaged, ILanes<T>
{
    public readonly T Re = re;

    public readonly T Im = im;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ComplexLanes<T> operator +(ComplexLanes<T> a, ComplexLanes<T> b) => new(T.Add(a.Re, b.Re), T.Add(a.Im, b.Im));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ComplexLanes<T> operator -(ComplexLanes<T> a, ComplexLanes<T> b) => new(T.Subtract(a.Re, b.Re), T.Subtract(a.Im, b.Im));

    /// <summary>a + i·b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ComplexLanes<T> AddTurned(ComplexLanes<T> a, ComplexLanes<T> b) => new(T.Subtract(a.Re, b.Im), T.Add(a.Im, b.Re));

    /// <summary>a − i·b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ComplexLanes<T> SubtractTurned(ComplexLanes<T> a, ComplexLanes<T> b) => new(T.Add(a.Re, b.Im), T.Subtract(a.Im, b.Re));

    /// <summary>Times the conjugate of another number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ComplexLanes<T> TimesConjugate(ComplexLanes<T> other) => new(
        T.MultiplyAdd(Im, other.Im, T.Multiply(Re, other.Re)), T.Subtract(T.Multiply(Im, other.Re), T.Multiply(Re, other.Im)));

    /// <summary>Times a twiddle factor c − i·s, given as c, s and −s.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ComplexLanes<T> Times(float* twiddle)
    {
        var c = T.Broadcast(*twiddle);
        return new(T.MultiplyAdd(twiddle + 1, Im, T.Multiply(c, Re)), T.MultiplyAdd(twiddle + 2, Re, T.Multiply(c, Im)));
    }
}

/// <summary>
/// Complex vectors in memory, with real and imaginary parts at any two places. Eight of them are <paramref name="pitch"/> floats apart, and
/// such groups <paramref name="groupPitch"/>.
/// </summary>
internal readonly unsafe struct ComplexLine(float* re, float* im, nint pitch, nint groupPitch)
{
    /// <summary>Vectors of a group.</summary>
    public const int Group = 8;

    /// <summary>A line without groups.</summary>
    public ComplexLine(float* re, float* im, nint pitch) : this(re, im, pitch, Group * pitch)
    {
    }

    /// <summary>A line without groups, whose imaginary parts follow their real parts.</summary>
    public ComplexLine(float* start, nint pitch) : this(start, start + Layout.Block, pitch)
    {
    }

    /// <summary>
    /// Every <paramref name="step"/>-th vector from <paramref name="first"/> on. In a line with groups, the step is a group.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ComplexLine From(int first, int step) => new(Re(first), Im(first), step == Group ? groupPitch : pitch * step);

    /// <summary>With real and imaginary parts exchanged, which turns a transform of two such lines into its inverse.</summary>
    public ComplexLine Exchanged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(im, re, pitch, groupPitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Re(int i) => re + (nint)((uint)i / Group) * groupPitch + (nint)((uint)i % Group) * pitch;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Im(int i) => im + (nint)((uint)i / Group) * groupPitch + (nint)((uint)i % Group) * pitch;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ComplexLanes<T> Load<T>(int i) where T : unmanaged, ILanes<T> => new(T.Load(Re(i)), T.Load(Im(i)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(int i, ComplexLanes<T> value) where T : unmanaged, ILanes<T>
    {
        T.Store(Re(i), value.Re);
        T.Store(Im(i), value.Im);
    }
}
