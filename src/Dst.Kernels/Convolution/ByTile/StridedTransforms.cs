using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// F(2×2, 3×3) of stride 2: 25 products instead of 36. A window begins a pixel before its square. Of the five inputs a to e of a row,
/// b and d meet only the middle weight k₁. The others meet k₀ and k₂ as in F(2, 2) at the points 0, 1 and infinity: (a − c)·k₀,
/// c·(k₀ + k₂), (e − c)·k₂. So the two outputs are (a − c)·k₀ + c·(k₀ + k₂) + b·k₁ and c·(k₀ + k₂) + (e − c)·k₂ + d·k₁.
/// </summary>
internal sealed unsafe class StridedTransforms<T> : TileTransforms where T : unmanaged, ITileLanes<T>
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
        for (var first = 0; first < squares.Tiles; first += T.Count, v += T.Count)
        {
            T hasUpper = squares.Mask<T>(side: 0, first), hasLeft = squares.Mask<T>(side: 2, first);
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
        T least = T.Broadcast(ending.Bounds.Least), most = T.Broadcast(ending.Bounds.Most);
        nint pitch = products.Pitch, to = y.PlanePitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = T.Broadcast(ending.Bias[filter]);
            var first = y.First + filter * y.FilterPitch;
            for (var tile = 0; tile < products.Tiles; tile += T.Count, m += T.Count, first += T.Count)
            {
                Column(m, pitch, out var a0, out var a1);
                Column(m + pitch, pitch, out var b0, out var b1);
                Column(m + 2 * pitch, pitch, out var c0, out var c1);
                Column(m + 3 * pitch, pitch, out var d0, out var d1);
                Column(m + 4 * pitch, pitch, out var e0, out var e1);
                T.Store(first, T.Clip(Sum(a0, b0, T.Add(d0, bias)), least, most));
                T.Store(first + to, T.Clip(Sum(b0, c0, T.Add(e0, bias)), least, most));
                T.Store(first + 2 * to, T.Clip(Sum(a1, b1, T.Add(d1, bias)), least, most));
                T.Store(first + 3 * to, T.Clip(Sum(b1, c1, T.Add(e1, bias)), least, most));
            }
        }
    }

    private static void Evaluate(float* kernel, int pitch, float* factors, int factorPitch)
    {
        Lanes256 k0 = Lanes256.Load(kernel), k1 = Lanes256.Load(kernel + pitch), k2 = Lanes256.Load(kernel + 2 * pitch);
        Lanes256.Store(factors, k0);
        Lanes256.Store(factors + factorPitch, Lanes256.Add(k0, k2));
        Lanes256.Store(factors + 2 * factorPitch, k2);
        Lanes256.Store(factors + 3 * factorPitch, k1);
        Lanes256.Store(factors + 4 * factorPitch, k1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum(T a, T b, T c) => T.Add(T.Add(a, b), c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(float* m, nint pitch, out T y0, out T y1)
    {
        var next = Count * pitch;
        var middle = T.Load(m + next);
        y0 = Sum(T.Load(m), middle, T.Load(m + 3 * next));
        y1 = Sum(middle, T.Load(m + 2 * next), T.Load(m + 4 * next));
    }

    /// <summary>The five inputs of a row of windows: the last one of the squares to the left, and a row of the squares.</summary>
    private readonly ref struct WindowRow
    {
        private readonly T _a, _b, _c, _d, _e;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private WindowRow(T a, T b, T c, T d, T e) => (_a, _b, _c, _d, _e) = (a, b, c, d, e);

        /// <summary>Reads a row.</summary>
        /// <param name="x">The first pixel of the squares.</param>
        /// <param name="planeLength">Floats from one pixel to the next.</param>
        /// <param name="hasLeft">All ones for tiles with a square to the left; others read zeros there.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WindowRow Load(float* x, nint planeLength, T hasLeft) => new(
            T.LoadWhere(x + 3 * planeLength - 1, hasLeft), T.Load(x), T.Load(x + planeLength), T.Load(x + 2 * planeLength),
            T.Load(x + 3 * planeLength));

        /// <summary>Reads a row of the squares above, zeros for tiles without them.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WindowRow LoadAbove(float* x, nint planeLength, T hasLeft, T hasUpper) => new(
            T.LoadWhere(x + 3 * planeLength - 1, T.And(hasLeft, hasUpper)), T.LoadWhere(x, hasUpper),
            T.LoadWhere(x + planeLength, hasUpper), T.LoadWhere(x + 2 * planeLength, hasUpper), T.LoadWhere(x + 3 * planeLength, hasUpper));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public WindowRow Less(in WindowRow other) => new(
            T.Subtract(_a, other._a), T.Subtract(_b, other._b), T.Subtract(_c, other._c), T.Subtract(_d, other._d),
            T.Subtract(_e, other._e));

        /// <summary>Writes the factors of its products.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* v, nint pitch)
        {
            T.Store(v, T.Subtract(_a, _c));
            T.Store(v + pitch, _c);
            T.Store(v + 2 * pitch, T.Subtract(_e, _c));
            T.Store(v + 3 * pitch, _b);
            T.Store(v + 4 * pitch, _d);
        }
    }
}
