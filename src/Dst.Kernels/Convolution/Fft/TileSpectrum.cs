using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The transform of square tiles of real numbers to half of their spectrum, and its transpose. The other half is its conjugate.
/// </summary>
/// <remarks>
/// <para>A transform of two real rows is one of complex numbers a + i·b: its elements k and −k give A[k] and B[k]. The columns 1 to
/// Size/2 − 1 of the rows' spectra are complex. The columns 0 and Size/2 are real and again transformed together.</para>
/// <para>F is without factors, except that what is separated so is twice as large. A frequency of a whole column stands for its conjugate
/// too. So the transpose Fᵀ is the inverse transform without factors. <see cref="ScaleOf"/> is what is missing in F⁻¹ = Fᵀ·scale/F,
/// where each product of two spectra has a factor of F too much.</para>
/// <para>Order of the frequencies: columns 1 to Size/2 − 1 with Size rows each; rows 1 to Size/2 − 1 of the columns 0 and Size/2, by turns;
/// rows 0 and Size/2 of these columns, which are real.</para>
/// </remarks>
internal sealed unsafe class TileSpectrum(int size)
{
    private const int ElementLength = 2 * Layout.Block;
    private const int RealFrequencies = 4;

    /// <summary>One element more than a column has: powers of two would put all columns into the same cache sets.</summary>
    private readonly nint _columnPitch = (size + 1) * ElementLength;

    private readonly int _wholeColumns = (size / 2 - 1) * size;

    /// <summary>Rows and columns of a tile.</summary>
    public int Size => size;

    /// <summary>Frequencies of a spectrum.</summary>
    public int Frequencies => FrequenciesOf(size);

    /// <summary>Groups of frequencies of a spectrum, which are neighbours in memory.</summary>
    public int Groups => Layout.CeilDiv(Frequencies, ComplexLine.Group);

    /// <summary>Frequencies of the spectrum of a tile.</summary>
    public static int FrequenciesOf(int size) => size * size / 2 + RealFrequencies / 2;

    /// <summary>Floats of scratch memory: columns, two rows, a line and a half-way line.</summary>
    public int ScratchLength => (int)(size / 2 * _columnPitch) + size * (2 * Layout.Block + 2 * ElementLength);

    /// <summary>The factor of a product of two spectra that makes Fᵀ of it a circular convolution.</summary>
    public float ScaleOf(int frequency) => (frequency < Frequencies - RealFrequencies ? 0.25f : 1) / (size * size);

    /// <summary>Columns of frequencies: the whole ones, and at 0 the real ones together.</summary>
    public int Columns => size / 2;

    /// <summary>The first frequency of a column.</summary>
    public int FirstOf(int column) => column == 0 ? _wholeColumns : (column - 1) * size;

    /// <summary>Frequencies of a column.</summary>
    public int CountOf(int column) => column == 0 ? size + RealFrequencies / 2 : size;

    /// <summary>The spectrum of a tile: real part, imaginary part and their sum of each frequency.</summary>
    /// <param name="window">The tile.</param>
    /// <param name="spectrum">First frequency.</param>
    /// <param name="groupPitch">Floats from one group of frequencies to the next.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Transform<T>(TileWindow window, float* spectrum, nint groupPitch, float* scratch) where T : unmanaged, ILanes<T>
    {
        TransformRows<T>(window, scratch);
        for (var column = 0; column < Columns; column++)
            TransformColumn<T, SpectrumStore>(column, LineAt(spectrum, FirstOf(column), groupPitch), scratch);
    }

    /// <summary>The transpose of <see cref="Transform"/>: a spectrum to a tile.</summary>
    /// <param name="spectrum">First frequency, of which real and imaginary parts are read.</param>
    /// <param name="groupPitch">Floats from one group of frequencies to the next.</param>
    /// <param name="window">The tile.</param>
    /// <param name="accumulate">Whether to add to the tile.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Transpose<T>(float* spectrum, nint groupPitch, TileWindow window, bool accumulate, float* scratch)
        where T : unmanaged, ILanes<T>
    {
        for (var column = 0; column < Columns; column++)
            TransposeColumn<T>(column, LineAt(spectrum, FirstOf(column), groupPitch), scratch);
        TransposeRows<T>(window, accumulate, scratch);
    }

    /// <summary>The first half of <see cref="Transform"/>: the spectra of the rows, into the scratch memory.</summary>
    public void TransformRows<T>(TileWindow window, float* scratch) where T : unmanaged, ILanes<T>
    {
        var memory = new Scratch(this, scratch);
        for (var row = 0; row < size; row += 2)
        {
            if (window.HasRowOfPair(row))
            {
                var pair = new ComplexLine(
                    window.Read<T>(row, size, memory.Rows), window.Read<T>(row + 1, size, memory.Rows + size * Layout.Block), Layout.Block);
                FourierTransform.Run<T>(size, pair, memory.Line, memory.Half);
                SplitRows<T>(memory, row);
            }
            else
            {
                ClearRows<T>(memory, row);
            }
        }
    }

    /// <summary>The second half of <see cref="Transform"/>: a column of the rows' spectra to its frequencies.</summary>
    public void TransformColumn<T, TStore>(int column, ComplexLine frequencies, float* scratch)
        where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        var memory = new Scratch(this, scratch);
        if (column > 0)
        {
            FourierTransform.RunToGroups<T, TStore>(size, memory.Column(column), frequencies, memory.Half);
            return;
        }

        FourierTransform.Run<T>(size, memory.Column(0), memory.Line, memory.Half);
        SplitColumn<T, TStore>(memory.Line, frequencies);
    }

    /// <summary>The transpose of <see cref="TransformColumn"/>.</summary>
    public void TransposeColumn<T>(int column, ComplexLine frequencies, float* scratch) where T : unmanaged, ILanes<T>
    {
        var memory = new Scratch(this, scratch);
        if (column == 0) MergeColumn<T>(frequencies, memory.Line);
        var from = column == 0 ? memory.Line : frequencies;
        FourierTransform.Run<T>(size, from.Exchanged, memory.Column(column).Exchanged, memory.Half);
    }

    /// <summary>The transpose of <see cref="TransformRows"/>.</summary>
    public void TransposeRows<T>(TileWindow window, bool accumulate, float* scratch) where T : unmanaged, ILanes<T>
    {
        var memory = new Scratch(this, scratch);
        float* even = memory.Rows, odd = even + size * Layout.Block;
        for (var row = 0; row < size; row += 2)
        {
            if (!window.HasRowOfPair(row)) continue;
            MergeRows<T>(memory, row);
            FourierTransform.Run<T>(
                size, memory.Line.Exchanged, new ComplexLine(even, odd, Layout.Block).Exchanged, memory.Half);
            window.Write<T>(row, even, accumulate);
            window.Write<T>(row + 1, odd, accumulate);
        }
    }

    private static ComplexLine LineAt(float* spectrum, int frequency, nint groupPitch)
    {
        var start = spectrum + frequency / ComplexLine.Group * groupPitch;
        return new(start, start + Layout.Block, ComplexProduct.Parts, groupPitch);
    }

    /// <summary>The spectrum of a + i·b in the line becomes those of row a and of the next row b, each column by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SplitRows<T>(Scratch memory, int row) where T : unmanaged, ILanes<T>
    {
        var line = memory.Line;
        ComplexLanes<T> first = line.Load<T>(0), middle = line.Load<T>(size / 2);
        memory.Column(0).Store<T>(row, new(first.Re, middle.Re));
        memory.Column(0).Store<T>(row + 1, new(first.Im, middle.Im));
        for (var k = 1; k < size / 2; k++)
        {
            var (a, b) = Split(line.Load<T>(k), line.Load<T>(size - k));
            memory.Column(k).Store(row, a);
            memory.Column(k).Store(row + 1, b);
        }
    }

    /// <summary>The transpose of <see cref="SplitRows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MergeRows<T>(Scratch memory, int row) where T : unmanaged, ILanes<T>
    {
        var line = memory.Line;
        ComplexLanes<T> a = memory.Column(0).Load<T>(row), b = memory.Column(0).Load<T>(row + 1);
        line.Store<T>(0, new(a.Re, b.Re));
        line.Store<T>(size / 2, new(a.Im, b.Im));
        for (var k = 1; k < size / 2; k++) Merge(memory.Column(k).Load<T>(row), memory.Column(k).Load<T>(row + 1), line, k);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ClearRows<T>(Scratch memory, int row) where T : unmanaged, ILanes<T>
    {
        for (var k = 0; k < size / 2; k++)
        {
            memory.Column(k).Store<T>(row, new(T.Zero, T.Zero));
            memory.Column(k).Store<T>(row + 1, new(T.Zero, T.Zero));
        }
    }

    /// <summary>The spectrum of the columns 0 and Size/2, which were transformed as one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SplitColumn<T, TStore>(ComplexLine line, ComplexLine spectrum) where T : unmanaged, ILanes<T> where TStore : IComplexStore
    {
        for (var k = 1; k < size / 2; k++)
        {
            var (a, b) = Split(line.Load<T>(k), line.Load<T>(size - k));
            TStore.Store(spectrum, 2 * k - 2, a, null);
            TStore.Store(spectrum, 2 * k - 1, b, null);
        }

        ComplexLanes<T> first = line.Load<T>(0), middle = line.Load<T>(size / 2);
        TStore.Store<T>(spectrum, size - 2, new(first.Re, T.Zero), null);
        TStore.Store<T>(spectrum, size - 1, new(first.Im, T.Zero), null);
        TStore.Store<T>(spectrum, size, new(middle.Re, T.Zero), null);
        TStore.Store<T>(spectrum, size + 1, new(middle.Im, T.Zero), null);
    }

    /// <summary>The transpose of <see cref="SplitColumn"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MergeColumn<T>(ComplexLine spectrum, ComplexLine line) where T : unmanaged, ILanes<T>
    {
        for (var k = 1; k < size / 2; k++) Merge(spectrum.Load<T>(2 * k - 2), spectrum.Load<T>(2 * k - 1), line, k);
        line.Store<T>(0, new(T.Load(spectrum.Re(size - 2)), T.Load(spectrum.Re(size - 1))));
        line.Store<T>(size / 2, new(T.Load(spectrum.Re(size)), T.Load(spectrum.Re(size + 1))));
    }

    /// <summary>2·A[k] and 2·B[k] of the elements k and −k of the spectrum of a + i·b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ComplexLanes<T> A, ComplexLanes<T> B) Split<T>(ComplexLanes<T> z, ComplexLanes<T> mirrored)
        where T : unmanaged, ILanes<T> =>
        (new(T.Add(z.Re, mirrored.Re), T.Subtract(z.Im, mirrored.Im)), new(T.Add(z.Im, mirrored.Im), T.Subtract(mirrored.Re, z.Re)));

    /// <summary>The elements k and −k of A + i·B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Merge<T>(ComplexLanes<T> a, ComplexLanes<T> b, ComplexLine line, int k) where T : unmanaged, ILanes<T>
    {
        line.Store(k, ComplexLanes<T>.AddTurned(a, b));
        line.Store<T>(size - k, new(T.Add(a.Re, b.Im), T.Subtract(b.Re, a.Im)));
    }

    /// <summary>The scratch memory of a transform.</summary>
    private readonly struct Scratch(TileSpectrum transform, float* scratch)
    {
        /// <summary>Half of the spectrum of each row, column by column: real and imaginary parts.</summary>
        public ComplexLine Column(int column) => new(scratch + column * transform._columnPitch, ElementLength);

        /// <summary>A whole spectrum of two rows.</summary>
        public ComplexLine Line => new(Rows + 2 * transform.Size * Layout.Block, ElementLength);

        /// <summary>What a transform needs.</summary>
        public float* Half => Rows + transform.Size * (2 * Layout.Block + ElementLength);

        /// <summary>Two rows of pixels.</summary>
        public float* Rows => scratch + transform.Size / 2 * transform._columnPitch;
    }
}
