using System.Runtime.Intrinsics;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// Sums over pixels of the products of what a convolution reads and what it should give, in double precision:
/// <code>
/// G = Σ over images and output pixels of v·vᵀ,  v = (y, 1, x)
/// </code>
/// y are the O targets and x the window that the filters see, padding included. The order of addition is fixed, so the bits do not depend
/// on the threads.
/// </summary>
internal sealed unsafe class GramMatrix
{
    private const int Strip = 4; // lanes of a vector of doubles
    private const int TileStrips = 3; // a tile is 4 rows and 12 columns: 12 accumulators
    private const int Panel = 128; // pixels of a panel: the strips of a tile stay in the first cache
    private const int UnitStrips = 6; // rows of strips that a job multiplies

    private readonly Conv2dShape _shape;
    private readonly int _firstChannel;
    private readonly int _firstFilter;
    private readonly int _channelPitch;
    private readonly int _targetStrips;
    private readonly int _strips;
    private readonly int _columns;
    private readonly double[] _sums; // upper triangle of tiles, row-major

    /// <summary>Prepares empty sums.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="group">Which of its groups.</param>
    public GramMatrix(Conv2dShape shape, int group)
    {
        _shape = shape;
        Filters = shape.Filters / shape.Groups;
        (_firstChannel, _firstFilter) = (group * shape.ChannelsPerGroup, group * Filters);
        _channelPitch = Layout.RoundUp(shape.ChannelsPerGroup, Strip);
        _targetStrips = Layout.CeilDiv(Filters, Strip);
        _strips = Layout.RoundUp(_targetStrips + 1 + shape.KernelHeight * shape.KernelWidth * _channelPitch / Strip, TileStrips);
        _columns = _strips * Strip;
        _sums = new double[(long)_columns * _columns];
    }

    /// <summary>Filters of the group.</summary>
    public int Filters { get; }

    /// <summary>Bytes that the sums of a convolution take.</summary>
    public static double BytesOf(Conv2dShape shape)
    {
        double columns = shape.Filters / shape.Groups + 1 + shape.KernelHeight * shape.KernelWidth * (shape.ChannelsPerGroup + 3);
        return sizeof(double) * columns * columns;
    }

    /// <summary>Number of pixels added.</summary>
    public double Count => At(ColumnOfOnes, ColumnOfOnes);

    private int ColumnOfOnes => _targetStrips * Strip;

    /// <summary>Σ y².</summary>
    public double TargetSquare(int filter) => At(filter, filter);

    /// <summary>Σ y.</summary>
    public double Target(int filter) => At(filter, ColumnOfOnes);

    /// <summary>Σ x of a position of the flattened row of weights.</summary>
    public double Input(int position) => At(ColumnOfOnes, ColumnOf(position));

    /// <summary>Σ x_a·x_b.</summary>
    public double Inputs(int a, int b) => At(ColumnOf(a), ColumnOf(b));

    /// <summary>Σ y·x.</summary>
    public double Cross(int filter, int position) => At(filter, ColumnOf(position));

    /// <summary>Adds all output pixels of some images.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">Inputs, [N, C/16, H, W, 16].</param>
    /// <param name="y">Targets, [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="images">N.</param>
    /// <param name="targetsOnly">Whether only the sums with a target are computed; the others stay as they are.</param>
    /// <param name="ranks">The processes that share the rows, or null for this one alone.</param>
    public void Add(WorkerPool pool, float* x, float* y, int images, bool targetsOnly = false, RankGroup? ranks = null)
    {
        if (ranks is null || sizeof(double) * (long)_sums.Length > int.MaxValue) ranks = RankGroup.Single; // a message would be too long
        var pixels = (long)images * _shape.OutHeight * _shape.OutWidth;
        var rows = targetsOnly ? _targetStrips : _strips;
        if (targetsOnly) Array.Clear(_sums, 0, rows * Strip * _columns);
        using var panels = new AlignedBuffer((long)sizeof(double) / sizeof(float) * WorkerPool.Parts * Panel * _columns);
        var start = (double*)panels.Pointer;
        var firstUnit = FirstUnit(ranks.Rank, ranks.Count, rows);
        var units = FirstUnit(ranks.Rank + 1, ranks.Count, rows) - firstUnit;
        for (var first = 0L; first < pixels; first += WorkerPool.Parts * Panel)
        {
            var chunk = (int)Math.Min(WorkerPool.Parts * Panel, pixels - first);
            var count = Layout.CeilDiv(chunk, Panel);
            pool.Run(count, part => Fill(
                x, y, first + part * Panel, Math.Min(Panel, chunk - part * Panel), start + (long)part * Panel * _columns));
            pool.Run(units, unit =>
            {
                for (var part = 0; part < count; part++)
                    Multiply(firstUnit + unit, rows, start + (long)part * Panel * _columns, Math.Min(Panel, chunk - part * Panel));
            });
        }

        ranks.Gather<double>(_sums, rank => Math.Min(rows, FirstUnit(rank, ranks.Count, rows) * UnitStrips) * Strip * _columns);
    }

    /// <summary>The first of a rank's units. The triangle's upper rows are longer, so that the first ranks have fewer of them.</summary>
    private int FirstUnit(int rank, int ranks, int rows)
    {
        double all = (double)rows * (2 * _strips - rows), share = all * rank / ranks;
        var above = _strips - Math.Sqrt(Math.Max(0, (double)_strips * _strips - share)); // rows of that area: above·(2·strips − above)
        var units = Layout.CeilDiv(rows, UnitStrips);
        return rank == ranks ? units : Math.Min(units, (int)Math.Round(above / UnitStrips));
    }

    private int ColumnOf(int position)
    {
        var area = _shape.KernelHeight * _shape.KernelWidth;
        return (_targetStrips + 1) * Strip + position % area * _channelPitch + position / area;
    }

    private double At(int row, int column) =>
        row / Strip <= column / Strip ? _sums[(long)row * _columns + column] : _sums[(long)column * _columns + row];

    /// <summary>Writes the vectors of some pixels as strips [strip][pixel][4].</summary>
    private void Fill(float* x, float* y, long first, int count, double* panel)
    {
        new Span<double>(panel, Panel * _columns).Clear();
        var (height, width) = (_shape.OutHeight, _shape.OutWidth);
        for (var p = 0; p < count; p++)
        {
            var (image, pixel) = Math.DivRem(first + p, height * width);
            var (oy, ox) = ((int)pixel / width, (int)pixel % width);
            var at = panel + p * Strip;
            Copy(y + image * _shape.OutputLength, height * width, (int)pixel, _firstFilter, Filters, at);
            at += _targetStrips * Panel * Strip;
            at[0] = 1;
            at += Panel * Strip;
            for (var ky = 0; ky < _shape.KernelHeight; ky++)
            {
                for (var kx = 0; kx < _shape.KernelWidth; kx++, at += _channelPitch / Strip * Panel * Strip)
                {
                    var (iy, ix) = (oy * _shape.Stride - _shape.Padding + ky, ox * _shape.Stride - _shape.Padding + kx);
                    if ((uint)iy >= (uint)_shape.Height || (uint)ix >= (uint)_shape.Width) continue;
                    Copy(
                        x + image * _shape.InputLength, _shape.Height * _shape.Width, iy * _shape.Width + ix,
                        _firstChannel, _shape.ChannelsPerGroup, at);
                }
            }
        }
    }

    /// <summary>Copies channels of a pixel to strips.</summary>
    private static void Copy(float* image, int pixels, int pixel, int first, int count, double* strips)
    {
        var c = 0;
        for (; first % Strip == 0 && c <= count - Strip; c += Strip)
        {
            var (low, high) = Vector128.Widen(Vector128.Load(Address(first + c)));
            Vector256.Create(low, high).Store(strips + c * Panel);
        }

        for (; c < count; c++) strips[c / Strip * Panel * Strip + c % Strip] = *Address(first + c);

        float* Address(int channel) => image + ((long)(channel / Layout.Block) * pixels + pixel) * Layout.Block + channel % Layout.Block;
    }

    /// <summary>Adds the products of a panel to a unit's rows.</summary>
    private void Multiply(int unit, int rows, double* panel, int count)
    {
        fixed (double* sums = _sums)
        {
            for (var i = unit * UnitStrips; i < Math.Min(rows, (unit + 1) * UnitStrips); i++)
            {
                for (var j = i / TileStrips * TileStrips; j < _strips; j += TileStrips)
                    AddTile(panel + i * Panel * Strip, panel + j * Panel * Strip, count, sums + (long)i * Strip * _columns + j * Strip);
            }
        }
    }

    /// <summary>Adds the products of a strip and three strips, 4 rows and 12 columns, to the sums.</summary>
    private void AddTile(double* a, double* b, int count, double* sums)
    {
        double* s0 = sums, s1 = s0 + _columns, s2 = s1 + _columns, s3 = s2 + _columns;
        Vector256<double> c00 = Vector256.Load(s0), c01 = Vector256.Load(s0 + 4), c02 = Vector256.Load(s0 + 8);
        Vector256<double> c10 = Vector256.Load(s1), c11 = Vector256.Load(s1 + 4), c12 = Vector256.Load(s1 + 8);
        Vector256<double> c20 = Vector256.Load(s2), c21 = Vector256.Load(s2 + 4), c22 = Vector256.Load(s2 + 8);
        Vector256<double> c30 = Vector256.Load(s3), c31 = Vector256.Load(s3 + 4), c32 = Vector256.Load(s3 + 8);
        for (var end = a + count * Strip; a < end; a += Strip, b += Strip)
        {
            Vector256<double> b0 = Vector256.Load(b), b1 = Vector256.Load(b + Panel * Strip), b2 = Vector256.Load(b + 2 * Panel * Strip);
            var a0 = Vector256.Create(a[0]);
            c00 = Vector256.FusedMultiplyAdd(a0, b0, c00);
            c01 = Vector256.FusedMultiplyAdd(a0, b1, c01);
            c02 = Vector256.FusedMultiplyAdd(a0, b2, c02);
            var a1 = Vector256.Create(a[1]);
            c10 = Vector256.FusedMultiplyAdd(a1, b0, c10);
            c11 = Vector256.FusedMultiplyAdd(a1, b1, c11);
            c12 = Vector256.FusedMultiplyAdd(a1, b2, c12);
            var a2 = Vector256.Create(a[2]);
            c20 = Vector256.FusedMultiplyAdd(a2, b0, c20);
            c21 = Vector256.FusedMultiplyAdd(a2, b1, c21);
            c22 = Vector256.FusedMultiplyAdd(a2, b2, c22);
            var a3 = Vector256.Create(a[3]);
            c30 = Vector256.FusedMultiplyAdd(a3, b0, c30);
            c31 = Vector256.FusedMultiplyAdd(a3, b1, c31);
            c32 = Vector256.FusedMultiplyAdd(a3, b2, c32);
        }

        c00.Store(s0);
        c01.Store(s0 + 4);
        c02.Store(s0 + 8);
        c10.Store(s1);
        c11.Store(s1 + 4);
        c12.Store(s1 + 8);
        c20.Store(s2);
        c21.Store(s2 + 4);
        c22.Store(s2 + 8);
        c30.Store(s3);
        c31.Store(s3 + 4);
        c32.Store(s3 + 8);
    }
}
