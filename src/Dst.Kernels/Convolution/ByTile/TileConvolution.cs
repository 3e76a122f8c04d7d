using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Convolutions of 3×3 and 1×1 with tiles in the lanes of a vector, not filters, for inference alone, on vectors of 256 or 512 bits.
/// <see cref="TileTransforms"/> are their forms: Winograd for 3×3, also of stride 2 or with the maximum over 2×2 pixels behind it, and
/// direct for 1×1. A weight is a scalar that two or three vectors share, so products load half of what they load with filters in the
/// lanes, and channels that no filter keeps take no lanes. Neighbouring layers keep the values between them as planes, which need no
/// transpose. An instance is a plan: it holds no activations and no weights, and may be used by many threads at once.
/// </summary>
/// <remarks>
/// <para>A band of rows of tiles goes through all steps together:</para>
/// <list type="number">
/// <item>Inputs that are no planes become planes of the channels that are read, for some bands at a time.</item>
/// <item>Planes to V, [position][channel][tile].</item>
/// <item>For some filters: V to the products M, [position][filter][tile].</item>
/// <item>M to outputs, with what follows the layer, as planes.</item>
/// <item>Planes of sixteen filters to pixels, where the output is blocked.</item>
/// </list>
/// <para>
/// A map of planes is cut into squares of 4×4 pixels from its top left corner on. A tile reads a square, and of the squares around it what
/// its kernels reach. Its outputs are a square too, or 2×2 pixels, four of which make a square of the output map.
/// </para>
/// <para>Its loops are optimised from the first call on, because plans measure them in a young process.</para>
/// </remarks>
public sealed unsafe partial class TileConvolution
{
    private const int Block = Layout.Block;
    private const int Tile = TileTransforms.Tile;
    private const int Phases = Tile * Tile; // pixels of a square, and planes of a channel
    private const int HalfBlock = 8;
    private const int MostVectors = 3; // of tiles, in a product
    private const int TilesOfSquares = 4 * Block; // of 2×2 outputs that make sixteen squares
    private const int TilesOfResults = 3 * Block; // of other tiles that go through all steps together
    private const int CachedPlanes = 64 * 1024; // floats of planes, and of V, that stay in the second-level cache together
    private const int CachedV = 128 * 1024;

    private readonly SimdTier _tier;
    private readonly TileTransforms _transforms;
    private readonly int _columns;
    private readonly int _rows;
    private readonly int _tiles;
    private readonly int _planeLength;
    private readonly int _rowsOfBand;
    private readonly int _bandsOfRun; // whose inputs become planes together
    private readonly int _runLength; // of a plane of these
    private readonly int _tilesOfBand; // whole vectors of them
    private readonly int _positionPitch; // of V
    private readonly int _filtersTogether; // in a product: twice as many if a band is one vector of tiles
    private readonly int _tilesTogether;
    private readonly int _results; // planes of a filter
    private readonly int[] _read; // channels that some filter reads, ascending
    private readonly PositionRows[][] _rowsOfBlocks; // of each block of filters
    private readonly ReadChannels[] _blocks; // of channels that are read
    private readonly int[] _planes; // of each channel that is read: which planes of the scratch memory it has
    private readonly int[] _firstWeight; // of each block of filters, and where all end
    private readonly int[] _masks; // [side][tile]: all ones if there is a square above, below, left, right
    private readonly PixelTable _inputs;
    private readonly PixelTable _outputs;
    private readonly int[] _resultRows; // where those of sixteen filters begin
    private readonly int[] _squares; // [upper, lower][left, right][square]: its tile, of those in two vectors
    private readonly ScratchParts _parts;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">
    /// The taps that it reads, or null for all. At a position it skips channels of which 16 filters keep nothing that it reads.
    /// </param>
    /// <param name="isPooled">Whether the maximum over 2×2 pixels, 2 apart, follows.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public TileConvolution(SimdTier tier, Conv2dShape shape, KeptTaps? kept, bool isPooled)
    {
        shape.Validate();
        kept?.Validate(shape);
        if (!Supports(tier, shape, isPooled)) throw new ArgumentException($"no form by tile of {shape} on tier {tier}");
        (_tier, Shape, IsPooled) = (tier, shape, isPooled);
        _transforms = TileTransforms.Of(tier, shape, isPooled)!;
        (_rows, _columns) = (Layout.CeilDiv(shape.Height, Tile), Layout.CeilDiv(shape.Width, Tile));
        _tiles = _rows * _columns;
        var readsPlanes = ReadsPlanes(tier, shape);
        var slack = readsPlanes ? 0 : Block; // the last vector of a band may begin anywhere
        _planeLength = Layout.RoundUp(_tiles, Block) + slack;
        _results = _transforms.Outputs * _transforms.Outputs;
        var lanes = tier == SimdTier.V512 ? Lanes512.Count : EightLanes256.Count;
        _tilesTogether = IsStrided && tier == SimdTier.V512 ? TilesOfSquares / 2 : MostVectors * lanes;
        _squares = IsStrided && WritesPlanes(tier, shape) ? [.. TilesOfTwoVectors()] : [];
        _read = [.. KeptTaps.ChannelsOfBlocks(shape, kept).SelectMany(list => list).Distinct().Order()];
        _rowsOfBand = RowsOfBand(IsStrided && WritesPlanes(tier, shape) ? TilesOfSquares : readsPlanes ? Block : 1, lanes);
        _tilesOfBand = Layout.RoundUp(_rowsOfBand * _columns, Block);
        _filtersTogether = lanes / (_rowsOfBand * _columns <= lanes ? 1 : 2);
        // One more cache line: powers of two would put all positions of a tile into the same cache set.
        _positionPitch = _read.Length * _tilesOfBand + Block;
        _blocks =
        [
            .. _read.GroupBy(
                channel => channel / Block, channel => channel % Block, (b, channels) => new ReadChannels(tier, b, [.. channels])),
        ];
        var planes = Math.Max(_read.Length, _blocks.Sum(block => block.Planes));
        _bandsOfRun = Math.Clamp(CachedPlanes / Math.Max(1, planes * Phases * _rowsOfBand * _columns), 1, Bands);
        var rowsOfRun = _bandsOfRun * _rowsOfBand + 2; // a window reaches into the rows above and below
        _runLength = rowsOfRun >= _rows ? _planeLength : Layout.RoundUp(rowsOfRun * _columns + Block - 1, Block) + slack;
        _planes = [.. NumbersOf(_blocks)];
        _rowsOfBlocks = RowsOfBlocks(kept);
        _firstWeight = new int[_rowsOfBlocks.Length + 1];
        for (var b = 0; b < _rowsOfBlocks.Length; b++)
        {
            var kernels = _rowsOfBlocks[b].Sum(rows => rows.Count * _transforms.Points * rows.Places.Length);
            _firstWeight[b + 1] = checked(_firstWeight[b] + kernels * Block);
        }

        _masks =
        [
            .. Mask(tile => tile >= _columns), .. Mask(tile => tile + _columns < _tiles),
            .. Mask(tile => tile % _columns > 0), .. Mask(tile => (tile + 1) % _columns > 0),
        ];
        _resultRows = [.. Enumerable.Range(0, Block).Select(filter => filter * ResultPitch)];
        _inputs = new(shape.Height, shape.Width, Tile, _columns, _planeLength);
        _outputs = _transforms.Outputs < Tile
            ? new(Layout.CeilDiv(shape.Height, 2), Layout.CeilDiv(shape.Width, 2), Tile / 2, _columns, _planeLength)
            : _inputs;
        _parts = new(
            Planes: checked(planes * RunPitch),
            Strips: _transforms.StripLength * _tilesOfBand,
            V: checked(Positions * _positionPitch),
            M: Positions * TileProducts.PitchOf(_filtersTogether, _tilesTogether),
            Results: _results * Block * ResultPitch);
    }

    /// <summary>Sizes of the convolution.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Whether outputs are maxima over 2×2 pixels.</summary>
    public bool IsPooled { get; }

    /// <summary>Floats of an output image.</summary>
    public long OutputLength => IsPooled ? Shape.OutputLength / 4 : Shape.OutputLength;

    /// <summary>Bands of an image, which are independent.</summary>
    public int Bands => Layout.CeilDiv(_rows, _rowsOfBand);

    /// <summary>Floats of the transformed weights, [O/16][part][position][channel][filter of a part].</summary>
    public int WeightLength => _firstWeight[^1];

    /// <summary>Floats of scratch memory.</summary>
    public int ScratchLength => _parts.Total + Block;

    private int Positions => _transforms.Points * _transforms.Points;

    /// <summary>Whether four tiles make a square of the output map.</summary>
    private bool IsStrided => Shape.Stride == 2;

    /// <summary>Floats from a filter to the next in the results.</summary>
    private int ResultPitch => IsStrided ? TilesOfSquares : TilesOfResults;

    /// <summary>Floats from one channel to the next in scratch memory, with one more cache line for the same reason.</summary>
    private int RunPitch => Phases * _runLength + Block;

    /// <summary>Whether a layer has such a form: kernels of 3×3 with a padding of 1, or of 1×1 without, and stride 1 or 2.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="isPooled">Whether the maximum over 2×2 pixels follows, for 3×3 kernels of stride 1. Windows must cover the map.</param>
    public static bool Supports(SimdTier tier, Conv2dShape shape, bool isPooled) =>
        shape.Groups == 1 && TileTransforms.Of(tier, shape, isPooled) is not null
        && (!isPooled || (shape.Height % 2 == 0 && shape.Width % 2 == 0))
        && (long)shape.Height * shape.Width * Block <= int.MaxValue;

    /// <summary>Whether a layer has such a form and may read planes: its input is whole vectors of whole squares.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    public static bool ReadsPlanes(SimdTier tier, Conv2dShape shape) =>
        Supports(tier, shape, isPooled: false) && AreWholeVectors(shape.Height, shape.Width);

    /// <summary>
    /// Whether a layer may write planes, and read a residual as planes: also its output is whole vectors of whole squares. With stride 2
    /// there must be vectors of 512 bits, of which two hold whole squares.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    public static bool WritesPlanes(SimdTier tier, Conv2dShape shape) =>
        ReadsPlanes(tier, shape)
        && (shape.Stride == 1
            || (tier == SimdTier.V512 && AreWholeVectors(shape.OutHeight, shape.OutWidth)
                && TilesOfSquares / 2 % (shape.Width / 2) == 0));

    private static bool AreWholeVectors(int height, int width) =>
        height % Tile == 0 && width % Tile == 0 && height * width % (Phases * Block) == 0;

    /// <summary>Share of the products that are left if dropped taps are skipped.</summary>
    internal static double ShareOf(Conv2dShape shape, KeptTaps kept) =>
        TileTransforms.Of(SimdTier.V256, shape, isPooled: false)!.KernelRows.Average(
            rows => KeptTaps.ChannelsOfBlocks(shape, kept, rows).Average(channels => (double)channels.Length) / shape.Channels);

    /// <summary>Transforms canonical weights [O, C, Kh, Kw] into <see cref="WeightLength"/> floats.</summary>
    public void PackWeights(ReadOnlySpan<float> weights, float* packed)
    {
        Check.Length(weights, Shape.WeightCount);
        var transformed = stackalloc float[Positions * Block];
        for (var b = 0; b < Shape.FilterBlocks; b++)
        {
            var length = (_firstWeight[b + 1] - _firstWeight[b]) / Block; // of a filter
            var first = packed + _firstWeight[b];
            foreach (var rows in _rowsOfBlocks[b])
            {
                for (var i = 0; i < rows.Places.Length; i++)
                {
                    Transform(weights, b, _read[rows.Places[i] / _tilesOfBand], transformed);
                    for (var p = 0; p < rows.Count * _transforms.Points; p++)
                    {
                        var from = transformed + (rows.First * _transforms.Points + p) * Block;
                        for (var filter = 0; filter < Block; filter += _filtersTogether)
                        {
                            var to = first + filter * length + (p * rows.Places.Length + i) * _filtersTogether;
                            new Span<float>(from + filter, _filtersTogether).CopyTo(new(to, _filtersTogether));
                        }
                    }
                }

                first += rows.Count * _transforms.Points * rows.Places.Length * _filtersTogether;
            }
        }
    }

    /// <summary>y = conv(x) and what follows it, for some bands of an image.</summary>
    /// <param name="bands">First band, and one past the last.</param>
    /// <param name="blocks">Blocks of 16 filters that are computed.</param>
    /// <param name="maps">
    /// What it reads and writes. Planes need <see cref="ReadsPlanes"/> and <see cref="WritesPlanes"/>. A pooled output is blocked. With
    /// stride 2, a residual lies as the output.
    /// </param>
    /// <param name="weights">Of <see cref="PackWeights"/>.</param>
    /// <param name="epilogue">What follows, from this image on, with a bias. A pooling has no residual before it.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Forward(
        (int First, int End) bands, (int First, int End) blocks, in TileMaps maps, float* weights, Epilogue epilogue, float* scratch)
    {
        if (epilogue.Bias == null || (IsPooled && epilogue.Residual != null))
            throw new ArgumentException("an epilogue with a bias, and without a residual before a pooling, was expected");
        if (IsStrided && epilogue.Residual != null && maps.Residual != maps.Output)
            throw new ArgumentException($"a residual as {maps.Residual} of an output as {maps.Output}; the same was expected");
        var memory = new Scratch(Layout.Align(scratch), _parts);
        if (_tier == SimdTier.V512) Forward<Lanes512>(bands, blocks, maps, weights, epilogue, memory);
        else Forward<EightLanes256>(bands, blocks, maps, weights, epilogue, memory);
    }

    private void Forward<T>(
        (int First, int End) bands, (int First, int End) blocks, in TileMaps maps, float* weights, Epilogue epilogue, Scratch memory)
        where T : unmanaged, ITileLanes<T>
    {
        if (maps.Input == MapLayout.Planes)
        {
            ForwardBands<T>(bands, blocks, new(maps.X, Phases * _planeLength, _planeLength), maps, weights, epilogue, memory);
            return;
        }

        for (var band = bands.First; band < bands.End; band += _bandsOfRun)
        {
            var end = Math.Min(bands.End, band + _bandsOfRun);
            ForwardBands<T>((band, end), blocks, PlanesOf<T>(band, end, maps, memory.Planes), maps, weights, epilogue, memory);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardBands<T>(
        (int First, int End) bands, (int First, int End) blocks, InputPlanes planes, in TileMaps maps, float* weights, Epilogue epilogue,
        Scratch memory)
        where T : unmanaged, ITileLanes<T>
    {
        for (var band = bands.First; band < bands.End; band++)
        {
            var firstTile = band * _rowsOfBand * _columns;
            var tiles = Math.Min(_rowsOfBand, _rows - band * _rowsOfBand) * _columns;
            TransformInput(firstTile, Layout.RoundUp(tiles, T.Count), maps.Input, planes, memory);
            for (var done = 0; done < tiles; done += ResultPitch)
            {
                var count = Math.Min(ResultPitch, tiles - done);
                Multiply<T>(firstTile + done, count, blocks, memory.V + done, maps, weights, epilogue, memory);
            }
        }
    }

    /// <summary>
    /// The number of rows whose products take least time. Their tiles are whole units, and their V stays in the second-level cache if that
    /// of the smallest number does.
    /// </summary>
    private int RowsOfBand(int unit, int lanes)
    {
        var counts = Enumerable.Range(1, _rows).Where(count => count * _columns % unit == 0).ToList();
        var cached = counts.Where(
            count => count == counts[0] || Positions * (long)_read.Length * Layout.RoundUp(count * _columns, Block) <= CachedV);
        return cached.MinBy(count => _rows / count * CostOf(count * _columns, lanes) + CostOf(_rows % count * _columns, lanes));
    }

    /// <summary>Time of the products of a band. One vector of tiles takes more than half of the time of two.</summary>
    private double CostOf(int tiles, int lanes)
    {
        var vectors = Layout.CeilDiv(tiles, lanes);
        return vectors + (vectors % (_tilesTogether / lanes) == 1 ? 0.25 : 0);
    }

    /// <summary>The rows of positions of each block of filters, of which neighbours that read the same channels are together.</summary>
    private PositionRows[][] RowsOfBlocks(KeptTaps? kept)
    {
        var ofRows = _transforms.KernelRows.Select(rows => KeptTaps.ChannelsOfBlocks(Shape, kept, rows)).ToArray();
        return [.. Enumerable.Range(0, Shape.FilterBlocks).Select(b => RowsOf(b).ToArray())];

        IEnumerable<PositionRows> RowsOf(int b)
        {
            for (var (first, end) = (0, 1); first < ofRows.Length; first = end++)
            {
                while (end < ofRows.Length && ofRows[end][b].AsSpan().SequenceEqual(ofRows[first][b])) end++;
                yield return new(
                    first, end - first, Array.ConvertAll(ofRows[first][b], channel => Array.BinarySearch(_read, channel) * _tilesOfBand));
            }
        }
    }

    /// <summary>The tiles of the squares that two vectors hold, those of equal place in their squares together.</summary>
    private IEnumerable<int> TilesOfTwoVectors() =>
        from part in Enumerable.Range(0, Tile)
        from square in Enumerable.Range(0, Block / 2)
        let row = square / (_columns / 2) * 2 + part / 2
        let column = square % (_columns / 2) * 2 + part % 2
        select row * _columns + column;

    /// <summary>The factors of what sixteen filters have of a channel, [position][16].</summary>
    private void Transform(ReadOnlySpan<float> weights, int block, int channel, float* transformed)
    {
        var taps = Shape.KernelHeight * Shape.KernelWidth;
        var kernel = stackalloc float[taps * Block];
        new Span<float>(kernel, taps * Block).Clear();
        for (var lane = 0; lane < Layout.UsedLanes(Shape.Filters, block); lane++)
        {
            var from = ((block * Block + lane) * Shape.Channels + channel) * taps;
            for (var tap = 0; tap < taps; tap++) kernel[tap * Block + lane] = weights[from + tap];
        }

        _transforms.Weights(kernel, transformed);
    }

    private static IEnumerable<int> NumbersOf(ReadChannels[] blocks)
    {
        var first = 0;
        foreach (var block in blocks)
        {
            for (var i = 0; i < block.Channels.Length; i++) yield return first + (block.AreFew ? i : block.Channels[i]);
            first += block.Planes;
        }
    }

    private IEnumerable<int> Mask(Func<int, bool> hasNeighbour) =>
        Enumerable.Range(0, _planeLength).Select(tile => hasNeighbour(tile) ? -1 : 0);
}
