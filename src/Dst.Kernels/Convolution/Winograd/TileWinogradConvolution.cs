using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>How a map lies in memory.</summary>
public enum MapLayout
{
    /// <summary>[C/16, H, W, 16].</summary>
    Blocked,

    /// <summary>[C, H, W].</summary>
    Plain,

    /// <summary>[C, 4, 4, H/4, W/4]: first the top left pixel of each square of 4×4, for all squares, then the one to the right of it.</summary>
    Planes,
}

/// <summary>
/// F(4×4, 3×3) with sixteen tiles in the lanes of a vector, not sixteen filters. It is for inference alone, on vectors of 512 bits. A weight
/// is a scalar that two or three vectors share, so products load half of what they load with filters in the lanes, and channels that no
/// filter keeps take no lanes. Layers in a row keep their values as planes, which need no transpose. An instance is a plan: it holds no
/// activations and no weights, and may be used by many threads at once.
/// </summary>
/// <remarks>
/// <para>A band of rows of tiles goes through all steps together:</para>
/// <list type="number">
/// <item>Inputs that are no planes become planes of the channels that are read, all that a run of bands reads at once.</item>
/// <item>Planes to V, [position][channel][tile].</item>
/// <item>For eight filters: V to the products M, [position][filter][tile].</item>
/// <item>M to outputs, with what follows the layer, as planes.</item>
/// <item>Planes of sixteen filters to pixels, where the output is blocked.</item>
/// </list>
/// <para>Its loops are optimised from the first call on, because plans measure them in a young process.</para>
/// </remarks>
public sealed unsafe class TileWinogradConvolution
{
    private const int Block = Layout.Block;
    private const int Side = 3; // of a kernel
    private const int Tile = 4; // outputs of a tile in each dimension
    private const int Points = Tile + Side - 1; // inputs of a tile, and its products, in each dimension
    private const int Positions = Points * Points;
    private const int Phases = Tile * Tile; // pixels of a tile, and planes of a channel
    private const int HalfBlock = 8; // filters whose products with three vectors of tiles fit the registers
    private const int MostVectors = 3;
    private const int FewChannels = 8; // of two pixels they fill a vector

    private static readonly int[] RowsOfSquare = [.. Enumerable.Range(0, Block).Select(row => row * Block)];

    private readonly int _columns;
    private readonly int _rows;
    private readonly int _tiles;
    private readonly int _planeLength; // of an image
    private readonly int _channelPitch; // of planes in scratch memory
    private readonly int _rowsOfBand;
    private readonly int _tilesOfBand; // whole vectors of them
    private readonly int _positionPitch; // of V
    private readonly int _together; // filters: a block if bands are one vector of tiles, else half of it
    private readonly int[] _read; // channels that some filter reads, ascending
    private readonly int[][] _places; // of each block of filters: where V has its channels
    private readonly int[] _planes; // of each channel that is read: which planes of the scratch memory it has
    private readonly ChannelLanes[] _lanes; // of each block of channels that is read
    private readonly int[] _firstWeight; // of each block of filters, and where all end
    private readonly int[] _pixels; // [phase][tile]: where the pixel is in a block of channels, or -1
    private readonly int[] _masks; // [side][tile]: all ones if there is a tile above, below, left, right
    private readonly bool[] _isWhole; // [vector of tiles]: whether all of its pixels are in the map
    private readonly ScratchParts _parts;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">The taps that it reads, or null for all. It skips channels of which 16 filters keep nothing.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public TileWinogradConvolution(SimdTier tier, Conv2dShape shape, KeptTaps? kept)
    {
        shape.Validate();
        kept?.Validate(shape);
        if (!Supports(tier, shape)) throw new ArgumentException($"no Winograd form by tile of {shape} on tier {tier}");
        Shape = shape;
        (_rows, _columns) = (Layout.CeilDiv(shape.Height, Tile), Layout.CeilDiv(shape.Width, Tile));
        _tiles = _rows * _columns;
        var canBePlanes = SupportsPlanes(tier, shape);
        _planeLength = canBePlanes ? _tiles : Layout.RoundUp(_tiles, Block) + Block; // the last vector of a band may begin anywhere
        _channelPitch = Phases * _planeLength + Block; // powers of two would put all channels of a pixel into the same cache set
        _rowsOfBand = RowsOfBand(ofWholeVectors: canBePlanes);
        _tilesOfBand = Layout.RoundUp(_rowsOfBand * _columns, Block);
        _together = _tilesOfBand == Block ? Block : HalfBlock;
        var channels = KeptTaps.ChannelsOfBlocks(shape, kept);
        _read = [.. channels.SelectMany(list => list).Distinct().Order()];
        _places = Array.ConvertAll(channels, list => Array.ConvertAll(list, channel => Array.BinarySearch(_read, channel) * _tilesOfBand));
        _lanes = [.. _read.GroupBy(channel => channel / Block, channel => channel % Block).Select(group => new ChannelLanes(group.Key, [.. group]))];
        _planes = [.. PlanesOf(_lanes)];
        _firstWeight = new int[channels.Length + 1];
        for (var b = 0; b < channels.Length; b++)
            _firstWeight[b + 1] = checked(_firstWeight[b] + Positions * channels[b].Length * Block);
        // One more cache line from position to position: powers of two would put all positions of a tile into the same cache set.
        _positionPitch = _read.Length * _tilesOfBand + Block;
        _pixels = PixelsOf(shape.Height, shape.Width);
        _isWhole =
        [
            .. from first in Enumerable.Range(0, _planeLength / Block)
               select Enumerable.Range(0, Phases).All(phase => _pixels.AsSpan(phase * _planeLength + first * Block, Block).IndexOf(-1) < 0),
        ];
        _masks =
        [
            .. Mask(tile => tile >= _columns), .. Mask(tile => tile + _columns < _tiles),
            .. Mask(tile => tile % _columns > 0), .. Mask(tile => (tile + 1) % _columns > 0),
        ];
        _parts = new(
            Planes: checked(Math.Max(_read.Length, _lanes.Sum(lanes => lanes.Planes)) * _channelPitch),
            Strips: Positions * (_tilesOfBand + 2 * Block),
            V: checked(Positions * _positionPitch),
            M: Positions * (HalfBlock * MostVectors + 1) * Block,
            Results: Phases * Block * MostVectors * Block);
    }

    /// <summary>Sizes of the convolution.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Bands of an image, which are independent.</summary>
    public int Bands => Layout.CeilDiv(_rows, _rowsOfBand);

    /// <summary>Floats of the transformed weights, [O/16][part][position][channel][filter of a part].</summary>
    public int WeightLength => _firstWeight[^1];

    /// <summary>Floats of scratch memory.</summary>
    public int ScratchLength => _parts.Total + Block;

    /// <summary>Whether a layer has this form: kernels of 3×3 and stride 1.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    public static bool Supports(SimdTier tier, Conv2dShape shape) =>
        tier == SimdTier.V512 && shape.Groups == 1 && shape.Stride == 1 && (shape.KernelHeight, shape.KernelWidth) == (Side, Side)
        && shape.Padding == 1;

    /// <summary>Whether a layer has this form and its maps may be planes: these are whole vectors of whole tiles.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    public static bool SupportsPlanes(SimdTier tier, Conv2dShape shape) =>
        Supports(tier, shape) && shape.Height % Tile == 0 && shape.Width % Tile == 0 && shape.Height * shape.Width % (Phases * Block) == 0;

    /// <summary>Transforms canonical weights [O, C, 3, 3] into <see cref="WeightLength"/> floats.</summary>
    public void PackWeights(ReadOnlySpan<float> weights, float* packed)
    {
        Check.Length(weights, Shape.WeightCount);
        var kernel = stackalloc float[Side * Side * Block];
        var transformed = stackalloc float[Positions * Block];
        for (var b = 0; b < Shape.FilterBlocks; b++)
        {
            var channels = _places[b];
            for (var i = 0; i < channels.Length; i++)
            {
                new Span<float>(kernel, Side * Side * Block).Clear();
                for (var lane = 0; lane < Layout.UsedLanes(Shape.Filters, b); lane++)
                {
                    var from = ((b * Block + lane) * Shape.Channels + _read[channels[i] / _tilesOfBand]) * Side * Side;
                    for (var tap = 0; tap < Side * Side; tap++) kernel[tap * Block + lane] = weights[from + tap];
                }

                SquareTransform.Apply<Lanes512, EvaluateTransform<Lanes512, Points6<Lanes512>, KernelSide<F4x3>>>(
                    new(kernel, Side * Block, Block), new(transformed, Points * Block, Block));
                for (var p = 0; p < Positions; p++)
                {
                    for (var first = 0; first < Block; first += _together)
                    {
                        var to = packed + _firstWeight[b] + first * Positions * channels.Length + (p * channels.Length + i) * _together;
                        new Span<float>(transformed + p * Block + first, _together).CopyTo(new(to, _together));
                    }
                }
            }
        }
    }

    /// <summary>y = conv(x) and what follows it, for some bands of an image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Forward(int firstBand, int endBand, in TileMaps maps, float* weights, Epilogue epilogue, float* scratch)
    {
        var memory = new Scratch(Layout.Align(scratch), _parts);
        var planes = maps.X;
        nint pitch = maps.Input == MapLayout.Planes ? Phases * _planeLength : _channelPitch;
        if (maps.Input != MapLayout.Planes)
        {
            planes = memory.Planes;
            var first = Math.Max(0, (firstBand * _rowsOfBand - 1) * _columns) / Block;
            var end = Layout.CeilDiv(Math.Min(_tiles, (endBand * _rowsOfBand + 1) * _columns), Block);
            if (maps.Input == MapLayout.Plain) PlanesOfPlain(Math.Max(0, firstBand * _rowsOfBand - 1), Math.Min(_rows, endBand * _rowsOfBand + 1), maps.X, planes);
            else PlanesOfBlocks(first, end, maps.X, planes);
        }

        for (var band = firstBand; band < endBand; band++)
        {
            var firstTile = band * _rowsOfBand * _columns;
            var tiles = Math.Min(_rowsOfBand * _columns, _tiles - firstTile);
            for (var i = 0; i < _read.Length; i++)
            {
                var channel = maps.Input switch { MapLayout.Planes => _read[i], MapLayout.Plain => i, _ => _planes[i] };
                var from = planes + channel * pitch;
                TransformColumns(firstTile, Layout.CeilDiv(tiles, Block), from, memory.Strips);
                TransformRows(Layout.CeilDiv(tiles, Block), memory.Strips, memory.V + i * _tilesOfBand);
            }

            for (var done = 0; done < tiles; done += MostVectors * Block)
                Multiply(firstTile + done, Math.Min(MostVectors * Block, tiles - done), memory.V + done, maps, weights, epilogue, memory);
        }
    }

    /// <summary>The number of rows whose products take least time.</summary>
    private int RowsOfBand(bool ofWholeVectors)
    {
        var counts = Enumerable.Range(1, _rows);
        var possible = ofWholeVectors
            ? counts.Where(count => count * _columns % Block == 0)
            : counts.Where(count => count == 1 || count * _columns <= MostVectors * Block);
        return possible.MinBy(count => _rows / count * CostOf(count * _columns) + CostOf(_rows % count * _columns));
    }

    /// <summary>Time of the products of a band. One vector of tiles takes more than half of the time of two.</summary>
    private static double CostOf(int tiles)
    {
        var vectors = Layout.CeilDiv(tiles, Block);
        return vectors + (vectors % MostVectors == 1 ? 0.25 : 0);
    }

    private static IEnumerable<int> PlanesOf(ChannelLanes[] blocks)
    {
        var first = 0;
        foreach (var block in blocks)
        {
            for (var i = 0; i < block.Channels.Length; i++) yield return first + (block.AreFew ? i : block.Channels[i]);
            first += block.Planes;
        }
    }

    private int[] PixelsOf(int height, int width) =>
    [
        .. from phase in Enumerable.Range(0, Phases)
           from tile in Enumerable.Range(0, _planeLength)
           let row = tile / _columns * Tile + phase / Tile
           let column = tile % _columns * Tile + phase % Tile
           select row < height && column < width ? (row * width + column) * Block : -1,
    ];

    private IEnumerable<int> Mask(Func<int, bool> hasNeighbour) =>
        Enumerable.Range(0, _planeLength).Select(tile => hasNeighbour(tile) ? -1 : 0);

    /// <summary>Planes of the channels that are read, [C, H, W], for some rows of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlanesOfPlain(int firstRow, int endRow, float* x, float* planes)
    {
        var whole = Shape.Width / Tile & ~(Tile - 1); // tiles that go four at a time
        foreach (var channel in _read)
        {
            var map = x + (nint)channel * Shape.Height * Shape.Width;
            for (var row = firstRow * Tile; row < endRow * Tile; row++)
            {
                var from = map + (nint)row * Shape.Width;
                var to = planes + row % Tile * Tile * _planeLength + row / Tile * _columns;
                var isInside = row < Shape.Height;
                if (isInside)
                {
                    for (nint tile = 0; tile < whole; tile += Tile)
                        Transpose.FourByFour(from + tile * Tile, Tile, to + tile, _planeLength);
                }

                for (var tile = isInside ? whole : 0; tile < _columns; tile++)
                {
                    for (var i = 0; i < Tile; i++)
                        to[i * _planeLength + tile] = isInside && tile * Tile + i < Shape.Width ? from[tile * Tile + i] : 0;
                }
            }

            planes += _channelPitch;
        }
    }

    /// <summary>Planes of the channels that are read, for some vectors of tiles of blocks of channels.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlanesOfBlocks(int first, int end, float* x, float* planes)
    {
        var room = stackalloc float[Block * Block + Block];
        var square = Layout.Align(room);
        nint pitch = _channelPitch;
        foreach (var lanes in _lanes)
        {
            var block = x + (nint)lanes.Block * Shape.Height * Shape.Width * Block;
            fixed (int* pixels = _pixels, picks = lanes.Picks, rows = RowsOfSquare)
            {
                for (var phase = 0; phase < Phases; phase++)
                {
                    for (var g = first; g < end; g++)
                    {
                        float* source = block;
                        int* places = pixels + phase * _planeLength + g * Block;
                        if (!_isWhole[g])
                        {
                            GatherPixels(block, places, square);
                            source = square;
                            places = rows;
                        }

                        var to = planes + phase * _planeLength + g * Block;
                        if (lanes.AreFew) FewChannelsOf(source, places, picks, to, pitch);
                        else Transpose.Square(source, places, new ToRows(to, pitch));
                    }
                }
            }

            planes += lanes.Planes * pitch;
        }
    }

    private static void GatherPixels(float* source, int* places, float* to)
    {
        for (var t = 0; t < Block; t++)
            (places[t] < 0 ? Vector512<float>.Zero : Vector512.Load(source + places[t])).Store(to + t * Block);
    }

    /// <summary>Eight channels of sixteen pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FewChannelsOf(float* source, int* places, int* picks, float* to, nint pitch)
    {
        var pick = Vector512.Load(picks);
        Transpose.FourByFourInQuarters(
            Picked(source, places, pick), Picked(source, places + 1, pick), Picked(source, places + 2, pick),
            Picked(source, places + 3, pick), out var a0, out var a1, out var a2, out var a3);
        Transpose.FourByFourInQuarters(
            Picked(source, places + 4, pick), Picked(source, places + 5, pick), Picked(source, places + 6, pick),
            Picked(source, places + 7, pick), out var b0, out var b1, out var b2, out var b3);
        var low = Vector512.Create(0L, 1, 8, 9, 4, 5, 12, 13);
        var high = Vector512.Create(2L, 3, 10, 11, 6, 7, 14, 15);
        Joined(a0, low, b0).Store(to);
        Joined(a1, low, b1).Store(to + pitch);
        Joined(a2, low, b2).Store(to + 2 * pitch);
        Joined(a3, low, b3).Store(to + 3 * pitch);
        Joined(a0, high, b0).Store(to + 4 * pitch);
        Joined(a1, high, b1).Store(to + 5 * pitch);
        Joined(a2, high, b2).Store(to + 6 * pitch);
        Joined(a3, high, b3).Store(to + 7 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Joined(Vector512<float> a, Vector512<long> pairs, Vector512<float> b) =>
        Avx512F.PermuteVar8x64x2(a.AsDouble(), pairs, b.AsDouble()).AsSingle();

    /// <summary>Eight lanes of a pixel, and eight of the pixel eight places further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Picked(float* source, int* place, Vector512<int> pick) =>
        Avx512F.PermuteVar16x32x2(Vector512.Load(source + *place), pick, Vector512.Load(source + place[FewChannels]));

    /// <summary>Bᵀ d of the columns of each tile: [row][column][tile], with the columns that tiles share in both places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformColumns(int firstTile, int vectors, float* planes, float* strips)
    {
        nint pitch = _tilesOfBand + 2 * Block, rowPitch = Points * pitch;
        strips += Block;
        for (nint i = 0; i < Points; i++) strips[i * rowPitch] = strips[i * rowPitch + 5 * pitch + vectors * Block - 1] = 0;
        planes += firstTile;
        fixed (int* masks = _masks)
        {
            var mask = masks + firstTile;
            for (var g = 0; g < vectors; g++, strips += Block, planes += Block, mask += Block)
            {
                var hasUpper = Vector512.Load(mask).AsSingle();
                var hasLower = Vector512.Load(mask + _planeLength).AsSingle();
                var hasLeft = Vector512.Load(mask + 2 * _planeLength).AsSingle();
                var hasRight = Vector512.Load(mask + 3 * _planeLength).AsSingle();
                TransformColumn(planes, hasUpper, hasLower, strips + pitch, rowPitch, out var a0, out var a1, out var a2, out var a3, out var a4, out var a5);
                StoreColumn(a0, a1, a2, a3, a4, a5, hasLeft, strips + 5 * pitch - 1, rowPitch);
                TransformColumn(planes + _planeLength, hasUpper, hasLower, strips + 2 * pitch, rowPitch, out _, out _, out _, out _, out _, out _);
                TransformColumn(planes + 2 * _planeLength, hasUpper, hasLower, strips + 3 * pitch, rowPitch, out _, out _, out _, out _, out _, out _);
                TransformColumn(planes + 3 * _planeLength, hasUpper, hasLower, strips + 4 * pitch, rowPitch, out a0, out a1, out a2, out a3, out a4, out a5);
                StoreColumn(a0, a1, a2, a3, a4, a5, hasRight, strips + 1, rowPitch);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TransformColumn(
        float* plane, Vector512<float> hasUpper, Vector512<float> hasLower, float* to, nint rowPitch,
        out Lanes512 v0, out Lanes512 v1, out Lanes512 v2, out Lanes512 v3, out Lanes512 v4, out Lanes512 v5)
    {
        nint next = Tile * _planeLength;
        Points6<Lanes512>.Inputs(
            new(Avx512F.MaskLoad(plane + 3 * next - _columns, hasUpper, Vector512<float>.Zero)),
            Lanes512.Load(plane), Lanes512.Load(plane + next), Lanes512.Load(plane + 2 * next), Lanes512.Load(plane + 3 * next),
            new(Avx512F.MaskLoad(plane + _columns, hasLower, Vector512<float>.Zero)),
            out v0, out v1, out v2, out v3, out v4, out v5);
        Lanes512.Store(to, v0);
        Lanes512.Store(to + rowPitch, v1);
        Lanes512.Store(to + 2 * rowPitch, v2);
        Lanes512.Store(to + 3 * rowPitch, v3);
        Lanes512.Store(to + 4 * rowPitch, v4);
        Lanes512.Store(to + 5 * rowPitch, v5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumn(
        Lanes512 v0, Lanes512 v1, Lanes512 v2, Lanes512 v3, Lanes512 v4, Lanes512 v5, Vector512<float> mask, float* to, nint rowPitch)
    {
        (v0.Vector & mask).Store(to);
        (v1.Vector & mask).Store(to + rowPitch);
        (v2.Vector & mask).Store(to + 2 * rowPitch);
        (v3.Vector & mask).Store(to + 3 * rowPitch);
        (v4.Vector & mask).Store(to + 4 * rowPitch);
        (v5.Vector & mask).Store(to + 5 * rowPitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformRows(int vectors, float* strips, float* v)
    {
        nint pitch = _tilesOfBand + 2 * Block;
        nint positionPitch = _positionPitch;
        for (var i = 0; i < Points; i++, strips += Points * pitch, v += Points * positionPitch)
        {
            for (nint tile = 0; tile < vectors * Block; tile += Block)
                Points6<Lanes512>.Input(strips + Block + tile, pitch, v + tile, positionPitch);
        }
    }

    /// <summary>Products of some vectors of tiles with all filters, and their outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int firstTile, int tiles, float* v, in TileMaps maps, float* weights, Epilogue epilogue, Scratch memory)
    {
        var vectors = Layout.CeilDiv(tiles, Block);
        nint mapOfBlock = (nint)Block * Phases * _planeLength;
        var hasResidual = epilogue.Residual != null;
        var isAddedLater = hasResidual && maps.Residual == MapLayout.Blocked && maps.Output == MapLayout.Blocked;
        var bounds = isAddedLater ? Bounds.None : epilogue.Bounds;
        for (var b = 0; b < Shape.FilterBlocks; b++)
        {
            var output = maps.Output == MapLayout.Planes
                ? new PlanePlace(maps.Y + b * mapOfBlock + firstTile, Block, Phases * _planeLength, _planeLength)
                : new PlanePlace(memory.Results, Phases * Block * Block, Block, Block * Block);
            var residual = new PlanePlace(epilogue.Residual + b * mapOfBlock + firstTile, Block, Phases * _planeLength, _planeLength);
            if (maps.Residual == MapLayout.Blocked && maps.Output == MapLayout.Planes && hasResidual)
            {
                residual = new PlanePlace(memory.Results, Phases * Block * Block, Block, Block * Block);
                PlanesOfResidual(b, firstTile, vectors, epilogue.Residual, memory.Results);
            }

            for (var first = 0; first < Block; first += _together)
            {
                var u = weights + _firstWeight[b] + first * Positions * _places[b].Length;
                if (_together == Block) MultiplyBlock(_places[b], v, u, memory.M);
                else if (vectors == 3) Multiply<ThreeTileVectors>(_places[b], v, u, memory.M);
                else if (vectors == 2) Multiply<TwoTileVectors>(_places[b], v, u, memory.M);
                else Multiply<OneTileVector>(_places[b], v, u, memory.M);
                nint pitch = (_together * vectors + 1) * Block;
                for (var filter = first; filter < first + _together; filter++)
                {
                    var m = memory.M + (filter - first) * vectors * Block;
                    var bias = epilogue.Bias == null ? 0 : epilogue.Bias[b * Block + filter];
                    if (!hasResidual || isAddedLater)
                        TransformOutput<NoSum>(vectors, m, pitch, bias, bounds, default, output.Of(filter));
                    else TransformOutput<ResidualSum>(vectors, m, pitch, bias, bounds, residual.Of(filter), output.Of(filter));
                }
            }

            if (maps.Output == MapLayout.Planes) continue;
            for (var vector = 0; vector < vectors; vector++)
            {
                var results = memory.Results + vector * Phases * Block * Block;
                StoreBlocked(
                    b, firstTile + vector * Block, Math.Min(Block, tiles - vector * Block), results,
                    isAddedLater ? epilogue.Residual : null, epilogue.Bounds, maps.Y);
            }
        }
    }

    /// <summary>Planes of a blocked residual, [vector][phase][filter][tile], of whole vectors of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlanesOfResidual(int block, int firstTile, int vectors, float* residual, float* planes)
    {
        residual += (nint)block * Shape.OutHeight * Shape.OutWidth * Block;
        fixed (int* pixels = _pixels)
        {
            for (var tile = firstTile; tile < firstTile + vectors * Block; tile += Block)
            {
                for (var phase = 0; phase < Phases; phase++, planes += Block * Block)
                    Transpose.Square(residual, pixels + phase * _planeLength + tile, new ToRows(planes, Block));
            }
        }
    }

    /// <summary>M of one vector of tiles and sixteen filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBlock(int[] places, float* v, float* u, float* m)
    {
        fixed (int* first = places)
        {
            var end = first + places.Length;
            for (var p = 0; p < Positions; p++, v += _positionPitch, m += (Block + 1) * Block)
            {
                Join<Lanes512, Join<Lanes512, Four<Lanes512>, Four<Lanes512>>, Join<Lanes512, Four<Lanes512>, Four<Lanes512>>> sums = default;
                for (var channel = first; channel < end; channel++, u += Block) sums.MultiplyAdd(u, 1, Lanes512.Load(v + *channel));
                sums.Store(m, Block);
            }
        }
    }

    /// <summary>M of some vectors of tiles and eight filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<TVectors>(int[] places, float* v, float* u, float* m) where TVectors : unmanaged, ITileVectors<TVectors>
    {
        nint next = TVectors.Count * Block;
        fixed (int* first = places)
        {
            var end = first + places.Length;
            for (var p = 0; p < Positions; p++, v += _positionPitch, m += HalfBlock * next + Block)
            {
                TVectors s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
                for (var channel = first; channel < end; channel++, u += HalfBlock)
                {
                    var tiles = TVectors.Load(v + *channel);
                    s0.MultiplyAdd(u[0], tiles);
                    s1.MultiplyAdd(u[1], tiles);
                    s2.MultiplyAdd(u[2], tiles);
                    s3.MultiplyAdd(u[3], tiles);
                    s4.MultiplyAdd(u[4], tiles);
                    s5.MultiplyAdd(u[5], tiles);
                    s6.MultiplyAdd(u[6], tiles);
                    s7.MultiplyAdd(u[7], tiles);
                }

                s0.Store(m);
                s1.Store(m + next);
                s2.Store(m + 2 * next);
                s3.Store(m + 3 * next);
                s4.Store(m + 4 * next);
                s5.Store(m + 5 * next);
                s6.Store(m + 6 * next);
                s7.Store(m + 7 * next);
            }
        }
    }

    /// <summary>y = Aᵀ M A of a filter, and what follows it: [pixel of a tile][tile].</summary>
    /// <param name="vectors">Vectors of tiles.</param>
    /// <param name="m">First position.</param>
    /// <param name="pitch">Floats from one position to the next.</param>
    /// <param name="bias">Bias of the filter.</param>
    /// <param name="bounds">What outputs are clipped to.</param>
    /// <param name="residual">Planes that are added, if any.</param>
    /// <param name="y">Where the planes go.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutput<TSum>(int vectors, float* m, nint pitch, float bias, Bounds bounds, PlanePlace residual, PlanePlace y)
        where TSum : struct, ISum
    {
        Lanes512 shift = Lanes512.Broadcast(bias), least = Lanes512.Broadcast(bounds.Least), most = Lanes512.Broadcast(bounds.Most);
        float* to = y.Start, added = residual.Start;
        for (; vectors > 0; vectors--, m += Block, to += y.VectorPitch, added += residual.VectorPitch)
        {
            Column(m, Points * pitch, out var a0, out var a1, out var a2, out var a3);
            Column(m + pitch, Points * pitch, out var b0, out var b1, out var b2, out var b3);
            Column(m + 2 * pitch, Points * pitch, out var c0, out var c1, out var c2, out var c3);
            Column(m + 3 * pitch, Points * pitch, out var d0, out var d1, out var d2, out var d3);
            Column(m + 4 * pitch, Points * pitch, out var e0, out var e1, out var e2, out var e3);
            Column(m + 5 * pitch, Points * pitch, out var f0, out var f1, out var f2, out var f3);
            nint next = Tile * y.PhasePitch, nextAdded = Tile * residual.PhasePitch;
            Row<TSum>(a0, b0, c0, d0, e0, f0, shift, least, most, added, residual.PhasePitch, to, y.PhasePitch);
            Row<TSum>(a1, b1, c1, d1, e1, f1, shift, least, most, added + nextAdded, residual.PhasePitch, to + next, y.PhasePitch);
            Row<TSum>(a2, b2, c2, d2, e2, f2, shift, least, most, added + 2 * nextAdded, residual.PhasePitch, to + 2 * next, y.PhasePitch);
            Row<TSum>(a3, b3, c3, d3, e3, f3, shift, least, most, added + 3 * nextAdded, residual.PhasePitch, to + 3 * next, y.PhasePitch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(float* m, nint pitch, out Lanes512 y0, out Lanes512 y1, out Lanes512 y2, out Lanes512 y3) =>
        Points6<Lanes512>.Outputs(
            Lanes512.Load(m), Lanes512.Load(m + pitch), Lanes512.Load(m + 2 * pitch), Lanes512.Load(m + 3 * pitch),
            Lanes512.Load(m + 4 * pitch), Lanes512.Load(m + 5 * pitch), out y0, out y1, out y2, out y3);

    /// <summary>As <see cref="Points6{T}.Outputs"/>, with the bias in the sums that two outputs share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<TSum>(
        Lanes512 m0, Lanes512 m1, Lanes512 m2, Lanes512 m3, Lanes512 m4, Lanes512 m5, Lanes512 bias, Lanes512 least, Lanes512 most,
        float* added, nint addedPitch, float* y, nint pitch)
        where TSum : struct, ISum
    {
        var evenOne = Lanes512.Add(Lanes512.Add(m1, m2), bias);
        var oddOne = Lanes512.Add(Lanes512.Subtract(m1, m2), bias);
        Lanes512 evenTwo = Lanes512.Add(m3, m4), oddTwo = Lanes512.Subtract(m3, m4);
        var y0 = Lanes512.Add(m0, Lanes512.Add(evenOne, evenTwo));
        var y1 = Lanes512.MultiplyAdd(Lanes512.Broadcast(2), oddTwo, oddOne);
        var y2 = Lanes512.MultiplyAdd(Lanes512.Broadcast(4), evenTwo, evenOne);
        var y3 = Lanes512.Add(Lanes512.MultiplyAdd(Lanes512.Broadcast(8), oddTwo, oddOne), m5);
        Lanes512.Store(y, Lanes512.Clip(TSum.Add(y0, added), least, most));
        Lanes512.Store(y + pitch, Lanes512.Clip(TSum.Add(y1, added + addedPitch), least, most));
        Lanes512.Store(y + 2 * pitch, Lanes512.Clip(TSum.Add(y2, added + 2 * addedPitch), least, most));
        Lanes512.Store(y + 3 * pitch, Lanes512.Clip(TSum.Add(y3, added + 3 * addedPitch), least, most));
    }

    /// <summary>What is added to outputs.</summary>
    private interface ISum
    {
        static abstract Lanes512 Add(Lanes512 value, float* added);
    }

    private readonly struct NoSum : ISum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes512 Add(Lanes512 value, float* added) => value;
    }

    private readonly struct ResidualSum : ISum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Lanes512 Add(Lanes512 value, float* added) => Lanes512.Add(value, Lanes512.Load(added));
    }

    /// <summary>Planes of sixteen filters as pixels, and the residual if that is blocked.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreBlocked(int block, int firstTile, int tiles, float* results, float* residual, Bounds bounds, float* y)
    {
        var room = stackalloc float[Block * Block + Block];
        var square = Layout.Align(room);
        nint offset = (nint)block * Shape.OutHeight * Shape.OutWidth * Block;
        y += offset;
        if (residual != null) residual += offset;
        var isWhole = tiles == Block && firstTile % Block == 0 && _isWhole[firstTile / Block];
        fixed (int* pixels = _pixels, rows = RowsOfSquare)
        {
            var places = pixels + firstTile;
            for (var phase = 0; phase < Phases; phase++, places += _planeLength, results += Block * Block)
            {
                var writer = new ToPixels(places, residual, bounds, y);
                if (!isWhole)
                {
                    Transpose.Square(results, rows, new ToRows(square, Block));
                    for (var t = 0; t < tiles; t++)
                    {
                        if (places[t] >= 0) writer.Write(t, Vector512.Load(square + t * Block));
                    }
                }
                else if (residual == null) Transpose.Square(results, rows, new ToPlaces(places, y));
                else Transpose.Square(results, rows, writer);
            }
        }
    }

    /// <summary>Adds the residual, if there is one, and writes the pixels of tiles.</summary>
    private readonly struct ToPixels(int* places, float* residual, Bounds bounds, float* y) : IRowWriter
    {
        private readonly Vector512<float> _least = Vector512.Create(bounds.Least);
        private readonly Vector512<float> _most = Vector512.Create(bounds.Most);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Write(int t, Vector512<float> row)
        {
            if (residual != null) row = Vector512.MinNative(_most, Vector512.MaxNative(_least, row + Vector512.Load(residual + places[t])));
            row.Store(y + places[t]);
        }
    }

    /// <summary>Where the planes of a filter begin.</summary>
    private readonly struct PlanePlace(float* start, nint vectorPitch, nint filterPitch, nint phasePitch)
    {
        public readonly float* Start = start;
        public readonly nint VectorPitch = vectorPitch;
        public readonly nint PhasePitch = phasePitch;

        public PlanePlace Of(int filter) => new(Start + filter * filterPitch, VectorPitch, filterPitch, PhasePitch);
    }

    /// <summary>Channels of a block that some filter reads.</summary>
    private sealed class ChannelLanes(int block, int[] channels)
    {
        public int Block { get; } = block;

        public int[] Channels { get; } = channels;

        /// <summary>Whether they fit half of a vector.</summary>
        public bool AreFew => Channels.Length <= FewChannels;

        /// <summary>Channels of which planes are made.</summary>
        public int Planes => AreFew ? FewChannels : Layout.Block;

        /// <summary>Lanes of two pixels: eight of each.</summary>
        public int[] Picks { get; } =
            [.. from pixel in Enumerable.Range(0, 2) from i in Enumerable.Range(0, FewChannels) select pixel * Layout.Block + channels[Math.Min(i, channels.Length - 1)]];
    }

    /// <summary>Floats of the parts of the scratch memory.</summary>
    private readonly record struct ScratchParts(int Planes, int Strips, int V, int M, int Results)
    {
        public int Total => checked(Planes + Strips + V + M + Results);
    }

    /// <summary>The parts of the scratch memory, each at the beginning of a cache line.</summary>
    private readonly struct Scratch(float* memory, ScratchParts parts)
    {
        public readonly float* M = memory;
        public readonly float* Results = memory + parts.M;
        public readonly float* V = memory + parts.M + parts.Results;
        public readonly float* Strips = memory + parts.M + parts.Results + parts.V;
        public readonly float* Planes = memory + parts.M + parts.Results + parts.V + parts.Strips;
    }
}

/// <summary>The maps of an image that a layer reads and writes.</summary>
/// <param name="x">What it reads.</param>
/// <param name="input">How that lies in memory.</param>
/// <param name="residual">How the residual lies in memory: blocked, or as planes.</param>
/// <param name="y">What it writes.</param>
/// <param name="output">How that lies in memory: blocked, or as planes.</param>
public readonly unsafe struct TileMaps(float* x, MapLayout input, MapLayout residual, float* y, MapLayout output)
{
    internal readonly float* X = x;
    internal readonly MapLayout Input = input;
    internal readonly MapLayout Residual = residual;
    internal readonly float* Y = y;
    internal readonly MapLayout Output = output;
}
