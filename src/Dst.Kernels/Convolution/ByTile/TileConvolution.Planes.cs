using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Maps to planes and back.</content>
public sealed unsafe partial class TileConvolution
{
    /// <summary>Planes of what some bands read.</summary>
    private InputPlanes PlanesOf<T>(int firstBand, int endBand, in TileMaps maps, float* scratch) where T : unmanaged, ITileLanes<T>
    {
        // A window reaches into the rows above and below.
        var (firstRow, endRow) = (Math.Max(0, firstBand * _rowsOfBand - 1), Math.Min(_rows, endBand * _rowsOfBand + 1));
        var firstVector = firstRow * _columns / Block;
        var planes = new InputPlanes(scratch - firstVector * Block, RunPitch, _runLength);
        if (maps.Input == MapLayout.Plain) PlanesOfPlain(firstRow, endRow, maps.X, planes);
        else PlanesOfBlocks<T>(firstVector, Layout.CeilDiv(endRow * _columns, Block), maps.X, planes);
        return planes;
    }

    /// <summary>Planes of the channels that are read, [C, H, W], for some rows of squares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlanesOfPlain(int firstRow, int endRow, float* x, InputPlanes planes)
    {
        var whole = Shape.Width / Tile & ~(Tile - 1); // squares that go four at a time
        for (var i = 0; i < _read.Length; i++)
        {
            var map = x + (nint)_read[i] * Shape.Height * Shape.Width;
            for (var row = firstRow * Tile; row < endRow * Tile; row++)
            {
                var from = map + (nint)row * Shape.Width;
                var to = planes.First + i * planes.ChannelPitch + row % Tile * Tile * planes.Length + row / Tile * _columns;
                var isInside = row < Shape.Height;
                for (nint square = 0; isInside && square < whole; square += Tile)
                    Transpose.FourByFour(from + square * Tile, Tile, to + square, planes.Length);
                for (var square = isInside ? whole : 0; square < _columns; square++)
                {
                    for (var pixel = 0; pixel < Tile; pixel++)
                        to[pixel * planes.Length + square] =
                            isInside && square * Tile + pixel < Shape.Width ? from[square * Tile + pixel] : 0;
                }
            }
        }
    }

    /// <summary>Planes of the channels that are read, out of blocks of channels, for some vectors of squares.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlanesOfBlocks<T>(int first, int end, float* x, InputPlanes planes) where T : unmanaged, ITileLanes<T>
    {
        var room = stackalloc float[Block * Block + Block];
        var gathered = Layout.Align(room);
        var ofBlock = planes.First;
        foreach (var channels in _blocks)
        {
            var block = x + (nint)channels.Block * Shape.Height * Shape.Width * Block;
            fixed (int* pixels = _inputs.Pixels, picks = channels.Picks, rows = Transpose.RowsOfSquare)
            {
                for (var phase = 0; phase < Phases; phase++)
                {
                    for (var vector = first; vector < end; vector++)
                    {
                        float* source = block, to = ofBlock + phase * planes.Length + vector * Block;
                        var places = pixels + phase * _planeLength + vector * Block;
                        if (!_inputs.IsWhole(phase, vector))
                        {
                            Gather(block, places, gathered);
                            source = gathered;
                            places = rows;
                        }

                        if (channels.AreFew) FewChannels(source, places, picks, to, planes.ChannelPitch);
                        else T.Square(source, places, new ToRows<T>(to, planes.ChannelPitch));
                    }
                }
            }

            ofBlock += channels.Planes * planes.ChannelPitch;
        }
    }

    /// <summary>Sixteen pixels, or zeros for those outside of the map.</summary>
    private static void Gather(float* source, int* places, float* to)
    {
        for (var t = 0; t < Block; t++)
            Lanes256.Store(to + t * Block, places[t] < 0 ? Lanes256.Zero : Lanes256.Load(source + places[t]));
    }

    /// <summary>Eight channels of sixteen pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FewChannels(float* source, int* places, int* picks, float* to, nint pitch)
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

    /// <summary>Eight lanes of a pixel, and eight of the pixel eight places further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Picked(float* source, int* place, Vector512<int> pick) =>
        Avx512F.PermuteVar16x32x2(Vector512.Load(source + *place), pick, Vector512.Load(source + place[HalfBlock]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Joined(Vector512<float> a, Vector512<long> pairs, Vector512<float> b) =>
        Avx512F.PermuteVar8x64x2(a.AsDouble(), pairs, b.AsDouble()).AsSingle();

    /// <summary>Planes of a blocked residual, [phase][filter][tile], of whole vectors of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PlanesOfResidual<T>(int firstTile, int vectors, float* residual, float* planes) where T : unmanaged, ITileLanes<T>
    {
        fixed (int* pixels = _outputs.Pixels)
        {
            for (var phase = 0; phase < Phases; phase++, planes += Block * ResultPitch)
            {
                for (var tile = 0; tile < vectors * Block; tile += Block)
                    T.Square(residual, pixels + phase * _planeLength + firstTile + tile, new ToRows<T>(planes + tile, ResultPitch));
            }
        }
    }

    /// <summary>Planes [result][filter][tile] of sixteen filters as pixels, and the residual if there is one.</summary>
    private void StoreBlocked<T>(int firstTile, int tiles, float* planes, float* residual, Bounds bounds, float* y)
        where T : unmanaged, ITileLanes<T>
    {
        for (var done = 0; done < tiles; done += Block)
            StoreVector<T>(firstTile + done, Math.Min(Block, tiles - done), planes + done, residual, bounds, y);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreVector<T>(int firstTile, int tiles, float* planes, float* residual, Bounds bounds, float* y)
        where T : unmanaged, ITileLanes<T>
    {
        var room = stackalloc float[Block * Block + Block];
        var pixelsOfTiles = Layout.Align(room);
        fixed (int* pixels = _outputs.Pixels, rows = _resultRows)
        {
            var places = pixels + firstTile;
            for (var result = 0; result < _results; result++, places += _planeLength, planes += Block * ResultPitch)
            {
                var writer = new ToPixels<T>(places, residual, bounds, y);
                if (tiles < Block || firstTile % Block > 0 || !_outputs.IsWhole(result, firstTile / Block))
                {
                    T.Square(planes, rows, new ToRows<T>(pixelsOfTiles, Block));
                    for (var t = 0; t < tiles; t++)
                    {
                        for (var lane = 0; places[t] >= 0 && lane < Block; lane += T.Count)
                            writer.Write(t, lane, T.Load(pixelsOfTiles + t * Block + lane));
                    }
                }
                else if (residual == null) T.Square(planes, rows, new ToPlaces<T>(places, y));
                else T.Square(planes, rows, writer);
            }
        }
    }

    /// <summary>
    /// Planes of 2×2 outputs of four vectors of tiles as planes of the squares that they make, and the residual, as planes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreSquares(int firstTile, float* planes, float* residual, Bounds bounds, float* y)
    {
        nint length = Shape.OutHeight * Shape.OutWidth / Phases;
        fixed (int* picks = _squares)
        {
            Vector512<int> upper = Vector512.Load(picks), lower = Vector512.Load(picks + Block);
            for (var filter = 0; filter < Block; filter++)
            {
                for (var result = 0; result < _results; result++)
                {
                    var tiles = planes + (result * Block + filter) * ResultPitch;
                    Vector512<float> v0 = Vector512.Load(tiles), v1 = Vector512.Load(tiles + Block);
                    Vector512<float> v2 = Vector512.Load(tiles + 2 * Block), v3 = Vector512.Load(tiles + 3 * Block);
                    // The pixels of a square are two rows and two columns of tiles, with two of each in a tile.
                    var place = firstTile / Tile + (filter * Phases + result / 2 * Tile + result % 2) * length;
                    StoreHalves(
                        Avx512F.PermuteVar16x32x2(v0, upper, v1), Avx512F.PermuteVar16x32x2(v2, upper, v3),
                        residual, bounds, y, place, length);
                    StoreHalves(
                        Avx512F.PermuteVar16x32x2(v0, lower, v1), Avx512F.PermuteVar16x32x2(v2, lower, v3),
                        residual, bounds, y, place + 2 * Tile * length, length);
                }
            }
        }
    }

    /// <summary>Of squares in two vectors, the pixels in their left tiles, and those in their right tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(
        Vector512<float> first, Vector512<float> second, float* residual, Bounds bounds, float* y, nint place, nint length)
    {
        Vector512<float> left = Avx512F.Shuffle4x128(first, second, 0x44), right = Avx512F.Shuffle4x128(first, second, 0xee);
        if (residual != null)
        {
            Vector512<float> least = Vector512.Create(bounds.Least), most = Vector512.Create(bounds.Most);
            left = Clip(left + Vector512.Load(residual + place), least, most);
            right = Clip(right + Vector512.Load(residual + place + 2 * length), least, most);
        }

        left.Store(y + place);
        right.Store(y + place + 2 * length);
    }

    /// <summary>As <see cref="Lanes512"/> clips.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Clip(Vector512<float> value, Vector512<float> least, Vector512<float> most) =>
        Vector512.MinNative(most, Vector512.MaxNative(least, value));

    /// <summary>Adds the residual, if there is one, and writes the pixels of tiles.</summary>
    private readonly struct ToPixels<T>(int* places, float* residual, Bounds bounds, float* y) : IRowWriter<T>
        where T : unmanaged, ITileLanes<T>
    {
        private readonly T _least = T.Broadcast(bounds.Least);
        private readonly T _most = T.Broadcast(bounds.Most);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Write(int t, int lane, T part)
        {
            nint place = places[t] + lane;
            if (residual != null) part = T.Clip(T.Add(part, T.Load(residual + place)), _least, _most);
            T.Store(y + place, part);
        }
    }

    /// <summary>Where the pixels of squares are in a block of channels.</summary>
    private sealed class PixelTable
    {
        private readonly int _length;
        private readonly bool[] _isWhole;

        public PixelTable(int height, int width, int side, int columns, int length)
        {
            _length = length;
            Pixels =
            [
                .. from phase in Enumerable.Range(0, side * side)
                   from square in Enumerable.Range(0, length)
                   let row = square / columns * side + phase / side
                   let column = square % columns * side + phase % side
                   select row < height && column < width ? (row * width + column) * Block : -1,
            ];
            _isWhole = [.. Enumerable.Range(0, Pixels.Length / Block).Select(i => Pixels.AsSpan(i * Block, Block).IndexOf(-1) < 0)];
        }

        /// <summary>[phase][square]: floats before the pixel, or -1 if it is outside of the map.</summary>
        public int[] Pixels { get; }

        /// <summary>Whether a vector of squares has all of its pixels in the map.</summary>
        public bool IsWhole(int phase, int vector) => _isWhole[phase * (_length / Block) + vector];
    }
}
