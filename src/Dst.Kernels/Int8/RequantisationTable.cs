using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The numbers of a <see cref="Requantisation"/> for one block of channels, as they lie in memory.</summary>
/// <param name="table"><see cref="Length"/> elements of <see cref="Fill"/>.</param>
/// <param name="of">The numbers of all channels.</param>
internal readonly unsafe struct RequantisationTable(int* table, Requantisation of)
{
    /// <summary>
    /// 32-bit elements of a table: multipliers, those of odd lanes in the places of even ones, 64-bit offsets of even lanes and then of odd
    /// ones, least and largest bytes of four pixels.
    /// </summary>
    public const int Length = 6 * Layout.Block;

    public readonly int* Start = table;
    public readonly int Shift = of.Shift;
    public readonly int ResidualMultiplier = of.ResidualMultiplier;
    public readonly int ResidualShift = of.ResidualShift;

    /// <summary>Writes what a lane reads: the numbers of an index of <paramref name="of"/>.</summary>
    public static void Fill(Requantisation of, int index, int lane, int* table)
    {
        table[lane] = of.Multipliers[index];
        if (lane % 2 != 0) table[Layout.Block + lane - 1] = of.Multipliers[index];
        ((long*)(table + 2 * Layout.Block))[lane % 2 * (Layout.Block / 2) + lane / 2] = of.Offsets[index];
        byte* low = (byte*)(table + 4 * Layout.Block), high = (byte*)(table + 5 * Layout.Block);
        for (var i = lane; i < sizeof(int) * Layout.Block; i += Layout.Block) (low[i], high[i]) = (of.Low, of.High);
    }
}

/// <summary>A <see cref="RequantisationTable"/> in registers.</summary>
internal readonly unsafe struct LaneRequantisation<T> where T : unmanaged, IIntLanes<T>
{
    public readonly T Multipliers;
    public readonly T OddMultipliers;
    public readonly T EvenOffsets;
    public readonly T OddOffsets;
    public readonly int Shift;

    private readonly T _low;
    private readonly T _high;
    private readonly int _residualMultiplier;
    private readonly int _residualShift;

    /// <summary>Reads the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LaneRequantisation(RequantisationTable table)
    {
        (Multipliers, OddMultipliers) = (T.Load(table.Start), T.Load(table.Start + Layout.Block));
        (EvenOffsets, OddOffsets) = (T.Load(table.Start + 2 * Layout.Block), T.Load(table.Start + 3 * Layout.Block));
        (_low, _high) = (T.Load(table.Start + 4 * Layout.Block), T.Load(table.Start + 5 * Layout.Block));
        (Shift, _residualMultiplier, _residualShift) = (table.Shift, table.ResidualMultiplier, table.ResidualShift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private LaneRequantisation(in LaneRequantisation<T> of, T evenOffsets, T oddOffsets)
    {
        this = of;
        (EvenOffsets, OddOffsets) = (evenOffsets, oddOffsets);
    }

    /// <summary>The bytes of four pixels [pixel][16].</summary>
    /// <param name="a">What <see cref="IIntLanes{T}.Requantise"/> says of the first.</param>
    /// <param name="b">Of the second.</param>
    /// <param name="c">Of the third.</param>
    /// <param name="d">Of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Bytes(T a, T b, T c, T d) => T.ClampBytes(T.Pack(a, b, c, d), _low, _high);

    /// <summary>Writes the bytes of one pixel.</summary>
    /// <param name="destination">Where.</param>
    /// <param name="pixel">What <see cref="IIntLanes{T}.Requantise"/> says of it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StorePixel(byte* destination, T pixel) => T.StorePixel(destination, Bytes(pixel, pixel, pixel, pixel));

    /// <summary>The same, and what the bytes of a pixel bring.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LaneRequantisation<T> Plus(T residual) => new(
        this,
        T.AddProducts(EvenOffsets, residual, _residualMultiplier, _residualShift),
        T.AddProducts(OddOffsets, T.OddLanes(residual), _residualMultiplier, _residualShift));
}
