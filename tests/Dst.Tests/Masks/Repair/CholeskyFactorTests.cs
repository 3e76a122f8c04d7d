using Dst.Training.Masks.Repair;

namespace Dst.Tests.Masks.Repair;

/// <summary>Factor, solution and inverse against Gaussian elimination.</summary>
public class CholeskyFactorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(43)]
    public void A_solution_and_the_inverse_are_those_of_elimination(int size)
    {
        var random = new Random(size);
        var matrix = DenseAlgebra.RandomPositive(size, random);
        var right = Enumerable.Range(0, size).Select(_ => random.NextDouble() - 0.5).ToArray();
        var factor = new CholeskyFactor(DenseAlgebra.Flatten(matrix), size);
        var solution = right.ToArray();
        factor.Solve(solution);
        AssertNear(DenseAlgebra.Solve(matrix, right), solution);

        var inverse = factor.Invert();
        for (var column = 0; column < size; column++)
        {
            var unit = new double[size];
            unit[column] = 1;
            var expected = DenseAlgebra.Solve(matrix, unit);
            AssertNear(expected[column..], [.. Enumerable.Range(column, size - column).Select(row => inverse[row * size + column])]);
        }
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        var largest = expected.Max(Math.Abs);
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-9 * largest);
    }
}
