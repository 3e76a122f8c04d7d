using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A convolution in Winograd form, with all of its kernels or with the kept ones of a mask. F(m×m, r×r) computes m² outputs of r² taps
/// with (m + r − 1)² multiplications: F(4×4, 3×3) needs 36 instead of 144, and 81 with stride 2. In one dimension F(4, 3) computes
/// 4 outputs of one row of a kernel with 6 multiplications instead of 12, and a mask may drop single rows. An instance is a plan: it holds
/// no activations and no weights, and may be used by many threads at once. The scalar tier has no such form.
/// </summary>
/// <remarks>
/// <para>The steps of each pass work on two arrays in the transform domain: V of the inputs and M of the outputs, both
/// [position][C/16][tile][16] for up to <see cref="Capacity"/> rows of tiles. Rows are counted on from image to image,
/// <see cref="RowsPerImage"/> each. A caller runs all steps on one cache-sized run of rows after another, or each step on all rows,
/// split over threads as it likes.</para>
/// <para>In one dimension a row of tiles is a row of pixels. V has <c>KernelHeight − 1</c> more rows for each image, or part of one: those
/// that kernels reach beyond the outputs. The rows of a kernel read the same transformed inputs, each a row further down.</para>
/// <para>Forward:</para>
/// <list type="number">
/// <item><see cref="TransformInput"/> x → V</item>
/// <item><see cref="Multiply"/> V → M</item>
/// <item><see cref="TransformOutput(TileRows, float*, float*)"/> M → y</item>
/// </list>
/// <para>Backward:</para>
/// <list type="number">
/// <item><see cref="TransformInput"/> x → V: it costs less than to keep V since the forward pass</item>
/// <item><see cref="TransformOutputGradient"/> dy → dM</item>
/// <item><see cref="AddWeightGradient"/> (V, dM) → dU</item>
/// <item><see cref="MultiplyTransposed"/> dM → dV</item>
/// <item><see cref="TransformInputGradient"/> dV → dx</item>
/// </list>
/// <para>The gradients are the exact transposes of the forward steps, so that dM serves both of them.</para>
/// </remarks>
public sealed unsafe partial class WinogradConvolution
{
    private readonly SimdTier _tier;
    private readonly int _points;
    private readonly int _unitsOfKernel;
    private readonly int _unitLength;
    private readonly int _rowLength;
    private readonly int _tileColumns;
    private readonly bool _sharesRows;
    private readonly int _inputRows;
    private readonly int _inputPitch;
    private readonly int _outputPitch;
    private readonly nint _inputPlane;
    private readonly nint _outputPlane;
    private readonly RowTile[]?[] _tiles;
    private readonly RowTile[]?[] _pairTiles;
    private readonly KeptUnits _kept;
    private readonly PositionUnits[] _unitsAt;
    private readonly long[] _firstWeight;
    private readonly long[] _firstGradient;
    private readonly int[] _outputOffsets;
    private readonly ChannelBlockPairs? _channelPairs;
    private readonly int _transposedTaps;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="form">A form that supports the layer.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">What 16 filters keep together; null for all. Products are skipped where all of their taps are dropped.</param>
    /// <param name="capacity">Rows of tiles that V and M have room for.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public WinogradConvolution(SimdTier tier, WinogradForm form, Conv2dShape shape, KeptTaps? kept, int capacity)
    {
        shape.Validate();
        kept?.Validate(shape);
        if (!form.Supports(tier, shape, kept)) throw new ArgumentException($"{form} does not support {shape} on tier {tier}");
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _tier = tier;
        Shape = shape;
        Form = form;
        Capacity = capacity;
        _points = form.PointsOf(shape);
        _unitsOfKernel = form.UnitsOf(shape);
        (_unitLength, _rowLength) = (form.UnitLengthOf(shape), shape.RowLength);
        RowsPerImage = form.RowsOf(shape);
        _tileColumns = form.ColumnsOf(shape);
        _sharesRows = _unitsOfKernel == FourRows<Lanes512>.KernelRows && RowTiles.HasPairs(tier)
            && _tileColumns % TileProduct.TilesOfFourRows == 0;
        _inputRows = capacity + Reach * ((capacity + RowsPerImage - 2) / RowsPerImage + 1);
        // One more cache line from position to position: powers of two would put all positions of a tile into the same cache set.
        _inputPitch = checked((shape.ChannelBlocks * _inputRows * _tileColumns + 1) * Layout.Block);
        _outputPitch = checked((shape.FilterBlocks * capacity * _tileColumns + 1) * Layout.Block);
        (_inputPlane, _outputPlane) = (RowOffset(_inputRows), RowOffset(capacity));
        _tiles = new RowTile[capacity + 1][];
        _pairTiles = new RowTile[capacity + 1][];
        _kept = new KeptUnits(shape, _unitLength, kept);
        _unitsAt = PlanUnits();
        _firstWeight = FirstVectors(position => position.Offsets.Length);
        _firstGradient = FirstVectors(position => position.GradientOffsets.Length);
        _outputOffsets =
        [
            .. from unit in Enumerable.Range(0, _unitsOfKernel)
               from filter in Enumerable.Range(0, shape.Filters)
               select OffsetOf(filter, capacity) - RowOffset(unit),
        ];
        _channelPairs = form.IsOneDimensional ? null : ChannelBlockPairs.Create(tier, shape, _kept, pairsFilters: true);
        _transposedTaps = (_channelPairs?.Count ?? shape.ChannelBlocks * _unitsOfKernel) * shape.Filters;
    }

    /// <summary>Sizes of the layer.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Its tiles and costs.</summary>
    public WinogradForm Form { get; }

    /// <summary>Rows of tiles that V and M have room for.</summary>
    public int Capacity { get; }

    /// <summary>Rows of tiles of an image.</summary>
    public int RowsPerImage { get; }

    /// <summary>Positions of the transform domain: independent matrix products.</summary>
    public int Positions => Form.PositionsOf(Shape);

    /// <summary>Floats of V, the transformed inputs.</summary>
    public long InputTilesLength => (long)Positions * _inputPitch;

    /// <summary>Floats of M, the transformed outputs, and of the tiles behind the last that a register tile may read.</summary>
    public long OutputTilesLength => (long)Positions * _outputPitch + EightSums<Lanes512>.Count * Layout.Block;

    /// <summary>
    /// Floats of the transformed weights U: [position][O/16][kept units][16], where blocks that are multiplied together take turns.
    /// </summary>
    public int WeightLength => checked((int)_firstWeight[^1] * Layout.Block);

    /// <summary>Scales of weights of 16 bits: [position][O/16][16].</summary>
    public int ScalesLength => Positions * Shape.FilterBlocks * Layout.Block;

    /// <summary>Floats of the gradient of U, where each block's units are filled up to a multiple of eight.</summary>
    public int WeightGradientLength => checked((int)_firstGradient[^1] * Layout.Block);

    /// <summary>
    /// Floats of the weights for <see cref="MultiplyTransposed"/>: [position][C/16][units of a kernel][O][16], or [position][C/32][O][16]
    /// if a mask halves them.
    /// </summary>
    public int BackwardDataWeightLength => checked(Positions * _transposedTaps * Layout.Block);

    /// <summary>Blocks that <see cref="PackBackwardDataWeights"/> packs one by one.</summary>
    public int BackwardDataBlocks => _channelPairs?.Count ?? Shape.ChannelBlocks;

    /// <summary>Whether each pixel of the input is in a tile; with a stride the last ones may be in none.</summary>
    public bool CoversInput =>
        (RowsPerImage - 1) * Form.TileRows * Shape.Stride + Shape.KernelHeight + (Form.TileRows - 1) * Shape.Stride - Shape.Padding
        >= Shape.Height
        && (_tileColumns - 1) * Form.Tile * Shape.Stride + _points - Shape.Padding >= Shape.Width;

    private (int First, int End) AllBlocks => (0, Shape.FilterBlocks);

    /// <summary>Rows of tiles in V that kernels reach beyond those of the outputs.</summary>
    private int Reach => _unitsOfKernel - 1;

    /// <summary>V = Bᵀ x B for some rows of tiles.</summary>
    /// <param name="rows">Which rows of the images, and where in V.</param>
    /// <param name="x">Images [N, C/16, H, W, 16].</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    public void TransformInput(TileRows rows, float* x, float* v)
    {
        CheckRoom(rows);
        RunFilter(new InputKernel(this, rows, x, v));
    }

    /// <summary>dM = A dy Aᵀ for some rows of tiles.</summary>
    /// <param name="rows">Which rows of the images, and where in dM.</param>
    /// <param name="dy">Gradient of the output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="dm"><see cref="OutputTilesLength"/> floats.</param>
    public void TransformOutputGradient(TileRows rows, float* dy, float* dm)
    {
        CheckRoom(rows);
        RunFilter(new OutputGradientKernel(this, rows, dy, dm));
    }

    /// <summary>M = U · V at some positions.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="rows">Rows of tiles that are in V.</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="u">Of <see cref="PackWeights"/>.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="prefetch">What comes next; a part of it is fetched at each position.</param>
    /// <param name="blocks">Blocks of 16 filters whose products are wanted, from an even one on, or null for all.</param>
    public void Multiply(
        int firstPosition, int endPosition, TileRows rows, float* v, float* u, float* m, Prefetch prefetch = default,
        (int First, int End)? blocks = null)
    {
        CheckRoom(rows);
        KernelRunner.RunOnVectors(
            _tier,
            new MultiplyKernel<float>(this, (firstPosition, endPosition), blocks ?? AllBlocks, rows, v, u, null, m, prefetch));
    }

    /// <summary>M = U · V at some positions, with weights of 16 bits.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="rows">Rows of tiles that are in V.</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="u">Of <see cref="RoundWeights"/>.</param>
    /// <param name="scales">Of <see cref="RoundWeights"/>.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="blocks">Blocks of 16 filters whose products are wanted, from an even one on, or null for all.</param>
    public void MultiplyRounded(
        int firstPosition, int endPosition, TileRows rows, float* v, short* u, float* scales, float* m, (int First, int End)? blocks = null)
    {
        CheckRoom(rows);
        KernelRunner.RunOnVectors(
            _tier,
            new MultiplyKernel<short>(this, (firstPosition, endPosition), blocks ?? AllBlocks, rows, v, u, scales, m, default));
    }

    /// <summary>dV = Uᵀ · dM at some positions.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="rows">Rows of tiles that are in dM.</param>
    /// <param name="dm"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="u">Of <see cref="PackBackwardDataWeights"/>.</param>
    /// <param name="dv"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="prefetch">What comes next; a part of it is fetched at each position.</param>
    public void MultiplyTransposed(
        int firstPosition, int endPosition, TileRows rows, float* dm, float* u, float* dv, Prefetch prefetch = default)
    {
        CheckRoom(rows);
        KernelRunner.RunOnVectors(_tier, new MultiplyTransposedKernel(this, firstPosition, endPosition, rows, dm, u, dv, prefetch));
    }

    /// <summary>dU += Σ over tiles of dM ⊗ V at some positions.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="rows">Rows of tiles that are in V and dM.</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="dm"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="du"><see cref="WeightGradientLength"/> floats, added to.</param>
    /// <param name="blocks">Blocks of 16 filters whose gradient is wanted, or null for all.</param>
    /// <param name="prefetch">What comes next; a part of it is fetched at each position.</param>
    public void AddWeightGradient(
        int firstPosition, int endPosition, TileRows rows, float* v, float* dm, float* du, (int First, int End)? blocks = null,
        Prefetch prefetch = default)
    {
        CheckRoom(rows);
        KernelRunner.RunOnVectors(
            _tier,
            new BackwardWeightKernel(this, (firstPosition, endPosition), blocks ?? AllBlocks, rows, v, dm, du, prefetch));
    }

    /// <summary>y = Aᵀ M A for some rows of tiles.</summary>
    /// <param name="rows">Which rows of the images, and where in M.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    public void TransformOutput(TileRows rows, float* m, float* y) => TransformOutput(rows, m, Epilogue.None, y);

    /// <summary>y = Aᵀ M A, and what follows it, for some rows of tiles.</summary>
    /// <param name="rows">Which rows of the images, and where in M.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="epilogue">What follows the layer, from the first image on.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="blocks">Blocks of 16 filters whose outputs are wanted, or null for all.</param>
    public void TransformOutput(TileRows rows, float* m, Epilogue epilogue, float* y, (int First, int End)? blocks = null)
    {
        CheckRoom(rows);
        RunFilter(new OutputKernel(this, OutputWalkOf(blocks), rows, m, epilogue, y));
    }

    /// <summary>dx = B dV Bᵀ, or dx += …, for some rows of tiles; the rows of an image come in their order, as tiles overlap.</summary>
    /// <param name="rows">
    /// Which rows of the images, and where in dV. In one dimension, the rows of <see cref="MultiplyTransposed"/> or whole images of them.
    /// </param>
    /// <param name="dv"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>; false needs <see cref="CoversInput"/>.</param>
    /// <param name="dx">Gradient of the images [N, C/16, H, W, 16].</param>
    /// <exception cref="ArgumentException">The tiles would leave some of <paramref name="dx"/> unwritten.</exception>
    public void TransformInputGradient(TileRows rows, float* dv, bool accumulate, float* dx)
    {
        CheckRoom(rows);
        if (!accumulate && !CoversInput)
            throw new ArgumentException($"the tiles of {Shape} do not cover its input; a gradient to add to was expected");
        RunFilter(new InputGradientKernel(this, rows, dv, accumulate, dx));
    }

    /// <summary>
    /// The units of each position. Positions that read the same taps share an instance, and so do all that leave out no unit.
    /// </summary>
    private PositionUnits[] PlanUnits()
    {
        var taps = Enumerable.Range(0, Positions).Select(position => Form.TapsOf(position, Shape))
            .Select(bits => _kept.AllHave(bits) ? ulong.MaxValue : bits).ToArray();
        var inPairs = RowTiles.HasPairs(_tier);
        var units = taps.Distinct()
            .ToDictionary(bits => bits, bits => new PositionUnits(_kept, bits, inPairs, _unitsOfKernel, OffsetOfUnit));
        return [.. taps.Select(bits => units[bits])];
    }

    /// <summary>Where each position begins in vectors, if they have some each; one past the last for the number of positions.</summary>
    private long[] FirstVectors(Func<PositionUnits, int> count)
    {
        var first = new long[Positions + 1];
        for (var p = 0; p < Positions; p++) first[p + 1] = first[p] + count(_unitsAt[p]);
        return first;
    }

    private void RunFilter<TKernel>(TKernel kernel) where TKernel : IFilterKernel =>
        KernelRunner.RunOnVectors(_tier, new FilterKernel<TKernel>(this, kernel));

    private int FiltersOf(int block) => Layout.UsedLanes(Shape.Filters, block);

    // Register tiles are cut on first use: most numbers of rows never occur.

    /// <summary>The register tiles of some rows of a block of filters.</summary>
    private RowTile[] TilesOf(int rows) =>
        _tiles[rows] ??= RowTiles.Cut(_tier, rows * _tileColumns, Shape.Channels, RowTiles.Widest);

    /// <summary>The register tiles of some rows of two blocks.</summary>
    private RowTile[] PairTilesOf(int rows) =>
        _pairTiles[rows] ??= RowTiles.Cut(_tier, rows * _tileColumns, Shape.Channels, RowTiles.WidestOfProduct);

    private void CheckRoom(TileRows rows)
    {
        if (rows.First < 0 || rows.Place < 0 || rows.Count < 1 || rows.Place + rows.Count > Capacity)
            throw new ArgumentException($"{rows}; room for {Capacity} rows was expected to hold them");
    }

    /// <summary>Where the first tile of a channel is, within one position of V or M, whose planes have some rows.</summary>
    private int OffsetOf(int channel, int rows) => channel / Layout.Block * RowOffset(rows) + channel % Layout.Block;

    private int OffsetOfUnit(int unit) => OffsetOf(unit / _unitsOfKernel, _inputRows) + RowOffset(unit % _unitsOfKernel);

    private int RowOffset(int rows) => rows * _tileColumns * Layout.Block;

    /// <summary>A step that is compiled for each minimal filter.</summary>
    private interface IFilterKernel
    {
        void Run<T, TPoints, TFilter>() where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TFilter : IMinimalFilter;
    }

    /// <summary>The one switch from a layer to its minimal filter.</summary>
    private readonly struct FilterKernel<TKernel>(WinogradConvolution conv, TKernel kernel) : IVectorKernel where TKernel : IFilterKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            switch (conv.Form.Tile, conv.Shape.KernelWidth, conv.Shape.Stride)
            {
                case (2, 3, 1): kernel.Run<T, Points4<T>, F2x3>(); break;
                case (4, 3, 1): kernel.Run<T, Points6<T>, F4x3>(); break;
                case (8, 3, 1): kernel.Run<T, Points10<T>, F8x3>(); break;
                case (2, 5, 1): kernel.Run<T, Points6<T>, F2x5>(); break;
                case (4, 5, 1): kernel.Run<T, Points8<T>, F4x5>(); break;
                case (3, 6, 1): kernel.Run<T, Points8<T>, F3x6>(); break;
                case (4, 3, 2): kernel.Run<T, StridedPoints<T>, F4x3>(); break;
                default: throw new InvalidOperationException($"{conv.Shape} has no form {conv.Form}");
            }
        }
    }
}
