using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// F(2×2, 3×3) of stride 2: 25 products instead of 36. A window begins a pixel before its square. Of the five inputs a to e of a row,
/// b and d meet only the middle weight k₁. The others meet k₀ and k₂ as in F(2, 2) at the points 0, 1 and infinity: (a − c)·k₀,
/// c·(k₀ + k₂), (e − c)·k₂. So the two outputs are (a − c)·k₀ + c·(k₀ + k₂) + b·k₁ and c·(k₀ + k₂) + (e − c)·k₂ + d·k₁.
/// </summary>
internal sealed unsafe class StridedTransforms : TileTransforms
{
    private const int Count = 5;
    private const int Side = 3; // of a kernel

    public override string Form => "winograd2x2 by tile";

    public override int Points => Count;

    public override int Outputs => 2;

    public override IReadOnlyList<int[]> KernelRows { get; } = [[0], [0, 2], [2], [1], [1]];

    public override void Weights(float* kernels, float* factors)
    {
        var rows = stackalloc float[Count * Side * Layout.Block];
        for (var column = 0; column < Side; column++)
            Evaluate(kernels + column * Layout.Block, Side * Layout.Block, rows + column * Layout.Block, Side * Layout.Block);
        for (var row = 0; row < Count; row++)
            Evaluate(rows + row * Side * Layout.Block, Layout.Block, factors + row * Count * Layout.Block, Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Input(in TileSquares squares, float* strips, float* v, nint pitch)
    {
        nint row = Tile * squares.PlaneLength, above = 3 * row - squares.Columns;
        for (var first = 0; first < squares.Tiles; first += Layout.Block, v += Layout.Block)
        {
            Vector512<float> hasUpper = Mask(squares, side: 0, first), hasLeft = Mask(squares, side: 2, first);
            var x = squares.First + first;
            var c = WindowRow.Load(x + row, squares.PlaneLength, hasLeft);
            WindowRow.LoadAbove(x + above, squares.PlaneLength, hasLeft, hasUpper).Less(c).Store(v, pitch);
            c.Store(v + Count * pitch, pitch);
            WindowRow.Load(x + 3 * row, squares.PlaneLength, hasLeft).Less(c).Store(v + 2 * Count * pitch, pitch);
            WindowRow.Load(x, squares.PlaneLength, hasLeft).Store(v + 3 * Count * pitch, pitch);
            WindowRow.Load(x + 2 * row, squares.PlaneLength, hasLeft).Store(v + 4 * Count * pitch, pitch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        Vector512<float> least = Vector512.Create(ending.Bounds.Least), most = Vector512.Create(ending.Bounds.Most);
        nint pitch = products.Pitch, to = y.PlanePitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = Vector512.Create(ending.Bias[filter]);
            var first = y.First + filter * y.FilterPitch;
            for (var i = 0; i < products.Vectors; i++, m += Layout.Block, first += y.VectorPitch)
            {
                Column(m, pitch, out var a0, out var a1);
                Column(m + pitch, pitch, out var b0, out var b1);
                Column(m + 2 * pitch, pitch, out var c0, out var c1);
                Column(m + 3 * pitch, pitch, out var d0, out var d1);
                Column(m + 4 * pitch, pitch, out var e0, out var e1);
                TileEnding.Clip(a0 + b0 + (d0 + bias), least, most).Store(first);
                TileEnding.Clip(b0 + c0 + (e0 + bias), least, most).Store(first + to);
                TileEnding.Clip(a1 + b1 + (d1 + bias), least, most).Store(first + 2 * to);
                TileEnding.Clip(b1 + c1 + (e1 + bias), least, most).Store(first + 3 * to);
            }
        }
    }

    private static void Evaluate(float* kernel, int pitch, float* factors, int factorPitch)
    {
        Lanes512 k0 = Lanes512.Load(kernel), k1 = Lanes512.Load(kernel + pitch), k2 = Lanes512.Load(kernel + 2 * pitch);
        Lanes512.Store(factors, k0);
        Lanes512.Store(factors + factorPitch, Lanes512.Add(k0, k2));
        Lanes512.Store(factors + 2 * factorPitch, k2);
        Lanes512.Store(factors + 3 * factorPitch, k1);
        Lanes512.Store(factors + 4 * factorPitch, k1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(float* m, nint pitch, out Vector512<float> y0, out Vector512<float> y1)
    {
        var next = Count * pitch;
        Vector512<float> middle = Vector512.Load(m + next);
        y0 = Vector512.Load(m) + middle + Vector512.Load(m + 3 * next);
        y1 = middle + Vector512.Load(m + 2 * next) + Vector512.Load(m + 4 * next);
    }

    private static Vector512<float> Mask(in TileSquares squares, int side, int first) =>
        Vector512.Load(squares.Masks + side * squares.MaskLength + first).AsSingle();

    /// <summary>The five inputs of a row of windows: the last one of the squares to the left, and a row of the squares.</summary>
    private readonly ref struct WindowRow
    {
        private readonly Vector512<float> _a, _b, _c, _d, _e;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private WindowRow(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, Vector512<float> e) =>
            (_a, _b, _c, _d, _e) = (a, b, c, d, e);

        /// <summary>Reads a row.</summary>
        /// <param name="x">The first pixel of the squares.</param>
        /// <param name="planeLength">Floats from one pixel to the next.</param>
        /// <param name="hasLeft">All ones for tiles with a square to the left; others read zeros there.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WindowRow Load(float* x, nint planeLength, Vector512<float> hasLeft) => new(
            Avx512F.MaskLoad(x + 3 * planeLength - 1, hasLeft, default), Vector512.Load(x), Vector512.Load(x + planeLength),
            Vector512.Load(x + 2 * planeLength), Vector512.Load(x + 3 * planeLength));

        /// <summary>Reads a row of the squares above, zeros for tiles without them.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WindowRow LoadAbove(float* x, nint planeLength, Vector512<float> hasLeft, Vector512<float> hasUpper) => new(
            Avx512F.MaskLoad(x + 3 * planeLength - 1, hasLeft & hasUpper, default), Avx512F.MaskLoad(x, hasUpper, default),
            Avx512F.MaskLoad(x + planeLength, hasUpper, default), Avx512F.MaskLoad(x + 2 * planeLength, hasUpper, default),
            Avx512F.MaskLoad(x + 3 * planeLength, hasUpper, default));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public WindowRow Less(in WindowRow other) => new(_a - other._a, _b - other._b, _c - other._c, _d - other._d, _e - other._e);

        /// <summary>Writes the factors of its products.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* v, nint pitch)
        {
            (_a - _c).Store(v);
            _c.Store(v + pitch);
            (_e - _c).Store(v + 2 * pitch);
            _b.Store(v + 3 * pitch);
            _d.Store(v + 4 * pitch);
        }
    }
}
