using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A strided matrix of floats: element (row, step) lies at Pointer + row · RowPitch + step · StepPitch.</summary>
internal readonly unsafe struct StridedMatrix(float* pointer, long rowPitch, long stepPitch)
{
    public float* Pointer => pointer;

    public long RowPitch => rowPitch;

    public long StepPitch => stepPitch;
}

/// <summary>
/// The matrix product of all passes of a linear layer: C[r, 0…15] = start + Σ_k A[r, k] · B[k, 0…15], for a panel B of
/// sixteen columns. Steps of B lie bPitch floats apart, rows of C cPitch.
/// </summary>
internal static unsafe class PanelProduct
{
    private const int TileRows = 4;

    /// <summary>The specification, with the sum in double.</summary>
    /// <param name="a">[rows, depth].</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="depth">Steps k.</param>
    /// <param name="b">[depth, 16].</param>
    /// <param name="bPitch">Floats from one step of B to the next.</param>
    /// <param name="start">Sixteen floats that each row starts from, or null to start from what is in C.</param>
    /// <param name="c">[rows, 16].</param>
    /// <param name="cPitch">Floats from one row of C to the next.</param>
    public static void Reference(StridedMatrix a, int rows, int depth, float* b, long bPitch, float* start, float* c, long cPitch)
    {
        for (var r = 0; r < rows; r++, c += cPitch)
        {
            for (var lane = 0; lane < Layout.Block; lane++)
            {
                double sum = start == null ? c[lane] : start[lane];
                for (var k = 0; k < depth; k++) sum += (double)a.Pointer[r * a.RowPitch + k * a.StepPitch] * b[k * bPitch + lane];
                c[lane] = (float)sum;
            }
        }
    }

    /// <summary>The fast form: four rows at a time, so that one load of B serves four multiply-adds.</summary>
    public static void Run<T>(StridedMatrix a, int rows, int depth, float* b, long bPitch, float* start, float* c, long cPitch)
        where T : unmanaged, ILanes<T>
    {
        var row = a.Pointer;
        for (; rows >= TileRows; rows -= TileRows, row += TileRows * a.RowPitch, c += TileRows * cPitch)
            Tile<T>(row, a.RowPitch, a.StepPitch, depth, b, bPitch, start, c, cPitch);
        for (; rows > 0; rows--, row += a.RowPitch, c += cPitch) Row<T>(row, a.StepPitch, depth, b, bPitch, start, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T>(
        float* a, long rowPitch, long stepPitch, int depth, float* b, long bPitch, float* start, float* c, long cPitch)
        where T : unmanaged, ILanes<T>
    {
        T sum0, sum1, sum2, sum3;
        if (start == null) (sum0, sum1, sum2, sum3) = (T.Load(c), T.Load(c + cPitch), T.Load(c + 2 * cPitch), T.Load(c + 3 * cPitch));
        else sum0 = sum1 = sum2 = sum3 = T.Load(start);
        for (var k = 0; k < depth; k++, a += stepPitch, b += bPitch)
        {
            var panel = T.Load(b);
            sum0 = T.MultiplyAdd(a, panel, sum0);
            sum1 = T.MultiplyAdd(a + rowPitch, panel, sum1);
            sum2 = T.MultiplyAdd(a + 2 * rowPitch, panel, sum2);
            sum3 = T.MultiplyAdd(a + 3 * rowPitch, panel, sum3);
        }

        T.Store(c, sum0);
        T.Store(c + cPitch, sum1);
        T.Store(c + 2 * cPitch, sum2);
        T.Store(c + 3 * cPitch, sum3);
    }

    /// <summary>One row, as at batch 1: four sums over every fourth step hide the latency of the additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<T>(
        float* a, long stepPitch, int depth, float* b, long bPitch, float* start, float* c) where T : unmanaged, ILanes<T>
    {
        T sum0 = T.Load(start == null ? c : start), sum1 = T.Zero, sum2 = T.Zero, sum3 = T.Zero;
        for (; depth >= 4; depth -= 4, a += 4 * stepPitch, b += 4 * bPitch)
        {
            sum0 = T.MultiplyAdd(a, T.Load(b), sum0);
            sum1 = T.MultiplyAdd(a + stepPitch, T.Load(b + bPitch), sum1);
            sum2 = T.MultiplyAdd(a + 2 * stepPitch, T.Load(b + 2 * bPitch), sum2);
            sum3 = T.MultiplyAdd(a + 3 * stepPitch, T.Load(b + 3 * bPitch), sum3);
        }

        for (; depth > 0; depth--, a += stepPitch, b += bPitch) sum0 = T.MultiplyAdd(a, T.Load(b), sum0);
        T.Store(c, T.Add(T.Add(sum0, sum1), T.Add(sum2, sum3)));
    }
}

/// <summary>Products with all panels of a blocked matrix; panels of B and C lie bPanel and cPanel floats apart.</summary>
internal readonly unsafe struct PanelProducts(
    StridedMatrix a, int rows, int depth, int panels,
    float* b, long bPitch, long bPanel, float* start, float* c, long cPitch, long cPanel) : IKernel
{
    public void Reference()
    {
        for (var p = 0; p < panels; p++) PanelProduct.Reference(a, rows, depth, b + p * bPanel, bPitch, Start(p), c + p * cPanel, cPitch);
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var p = 0; p < panels; p++) PanelProduct.Run<T>(a, rows, depth, b + p * bPanel, bPitch, Start(p), c + p * cPanel, cPitch);
    }

    private float* Start(int panel) => start == null ? null : start + panel * Layout.Block;
}
