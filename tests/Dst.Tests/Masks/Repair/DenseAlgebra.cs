namespace Dst.Tests.Masks.Repair;

/// <summary>Slow, plain linear algebra in double precision: the specification of what repair solves.</summary>
internal static class DenseAlgebra
{
    /// <summary>Solves A·x = b by Gaussian elimination with row exchanges.</summary>
    public static double[] Solve(double[,] matrix, double[] right)
    {
        var n = right.Length;
        var (a, x) = ((double[,])matrix.Clone(), (double[])right.Clone());
        for (var column = 0; column < n; column++)
        {
            var pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(a[row, column]));
            for (var j = 0; j < n; j++) (a[column, j], a[pivot, j]) = (a[pivot, j], a[column, j]);
            (x[column], x[pivot]) = (x[pivot], x[column]);
            for (var row = column + 1; row < n; row++)
            {
                var factor = a[row, column] / a[column, column];
                for (var j = column; j < n; j++) a[row, j] -= factor * a[column, j];
                x[row] -= factor * x[column];
            }
        }

        for (var row = n - 1; row >= 0; row--)
        {
            for (var j = row + 1; j < n; j++) x[row] -= a[row, j] * x[j];
            x[row] /= a[row, row];
        }

        return x;
    }

    /// <summary>A random symmetric positive definite matrix.</summary>
    public static double[,] RandomPositive(int size, Random random)
    {
        var factors = new double[size, 2 * size];
        for (var i = 0; i < factors.Length; i++) factors[i / (2 * size), i % (2 * size)] = random.NextDouble() - 0.5;
        var matrix = new double[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < size; j++)
            {
                for (var k = 0; k < 2 * size; k++) matrix[i, j] += factors[i, k] * factors[j, k];
            }
        }

        return matrix;
    }

    /// <summary>A matrix as rows one after another.</summary>
    public static double[] Flatten(double[,] matrix) => [.. matrix.Cast<double>()];
}
