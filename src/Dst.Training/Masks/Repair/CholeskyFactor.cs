using System.Runtime.Intrinsics;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// A Cholesky factor A = L·Lᵀ of a symmetric positive definite matrix, in double precision. Sums are added in a fixed order. The
/// libraries of .NET take several times as long for the few hundred rows of a layer.
/// </summary>
internal sealed unsafe class CholeskyFactor
{
    private readonly double[] _rows; // L, row-major; what is above the diagonal is not read

    /// <summary>Factors a matrix.</summary>
    /// <param name="matrix">[n, n] row-major; only the lower triangle is read. It is overwritten.</param>
    /// <param name="size">n.</param>
    public CholeskyFactor(double[] matrix, int size)
    {
        (_rows, Size) = (matrix, size);
        fixed (double* rows = matrix)
        {
            for (var i = 0; i < size; i++)
            {
                var row = rows + (long)i * size;
                for (var j = 0; j < i; j++) row[j] = (row[j] - Dot(row, rows + (long)j * size, j)) / rows[(long)j * size + j];
                row[i] = Math.Sqrt(row[i] - Dot(row, row, i));
            }
        }
    }

    /// <summary>n.</summary>
    public int Size { get; }

    /// <summary>Solves A·x = b in place.</summary>
    public void Solve(Span<double> b)
    {
        fixed (double* rows = _rows, x = b)
        {
            SolveLower(rows, x, 0);
            for (var i = Size - 1; i >= 0; i--)
            {
                x[i] /= rows[(long)i * Size + i];
                AddScaled(x, rows + (long)i * Size, -x[i], i);
            }
        }
    }

    /// <summary>A⁻¹, [n, n]; the lower triangle is filled.</summary>
    public double[] Invert()
    {
        var inverse = new double[_rows.Length];
        var factor = new double[_rows.Length]; // row i is column i of L⁻¹
        fixed (double* rows = _rows, f = factor, result = inverse)
        {
            for (var i = 0; i < Size; i++)
            {
                var x = f + (long)i * Size;
                x[i] = 1;
                SolveLower(rows, x, i);
            }

            for (var i = 0; i < Size; i++)
            {
                for (var j = 0; j <= i; j++) result[(long)i * Size + j] = Dot(f + (long)i * Size + i, f + (long)j * Size + i, Size - i);
            }
        }

        return inverse;
    }

    /// <summary>Σ a·b.</summary>
    public static double Dot(double* a, double* b, int length)
    {
        Vector256<double> s0 = default, s1 = default, s2 = default, s3 = default;
        var i = 0;
        for (; i <= length - 16; i += 16)
        {
            s0 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), s0);
            s1 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 4), Vector256.Load(b + i + 4), s1);
            s2 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 8), Vector256.Load(b + i + 8), s2);
            s3 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 12), Vector256.Load(b + i + 12), s3);
        }

        var sum = Vector256.Sum((s0 + s1) + (s2 + s3));
        for (; i < length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>y ← y + s·x.</summary>
    public static void AddScaled(double* y, double* x, double s, int length)
    {
        var scale = Vector256.Create(s);
        var i = 0;
        for (; i <= length - 4; i += 4) Vector256.FusedMultiplyAdd(scale, Vector256.Load(x + i), Vector256.Load(y + i)).Store(y + i);
        for (; i < length; i++) y[i] = Math.FusedMultiplyAdd(s, x[i], y[i]);
    }

    /// <summary>Solves L·y = x and writes y over x; x is 0 before <paramref name="first"/>.</summary>
    private void SolveLower(double* rows, double* x, int first)
    {
        for (var i = first; i < Size; i++)
            x[i] = (x[i] - Dot(rows + (long)i * Size + first, x + first, i - first)) / rows[(long)i * Size + i];
    }
}
