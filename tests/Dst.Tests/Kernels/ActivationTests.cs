using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

public unsafe class ActivationTests
{
    /// <summary>1 / the largest number: a quotient of 1 may lose that much.</summary>
    private const double LargestLost = 1 / (double)float.MaxValue;

    /// <summary>Arguments of every size, both signs, zeros, infinities and NaN.</summary>
    private static readonly float[] Arguments =
    [
        .. Enumerable.Range(0, 20_000).Select(i => (i - 10_000) / 100f),
        .. Enumerable.Range(0, 4_000).Select(i => MathF.ScaleB(1 + i % 100 / 100f, -i / 40) * (i % 2 == 0 ? 1 : -1)),
        float.Epsilon, -0f, 0, 1e30f, -1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    [Fact]
    public void Each_function_has_a_case()
    {
        var functions = typeof(IActivation).Assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(typeof(IActivation)));
        var tested = ActivationCases.All.SelectMany(test => test.GetType().GenericTypeArguments).Distinct();
        // Those with parameters have cases of their own.
        Assert.Empty(functions.Where(type => !type.IsAssignableTo(typeof(IParametricActivation))).Except(tested));
    }

    [Theory]
    [TierData(Scalar = false)] // which has the library's
    public void Exponential_is_exact_to_rounding(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 1, 1, Arguments.Length, Arguments);
        using var y = Blocked.Garbage(1, 1, 1, Arguments.Length);
        KernelRunner.RunOnVectors(tier, new ExponentialKernel(x.Pointer, x.Length, y.Pointer));
        foreach (var (argument, actual) in Arguments.Zip(y.ToNchw()))
        {
            var expected = Math.Exp(argument);
            var tolerance = 3e-7 * expected + float.Epsilon; // the spacing of subnormal numbers
            Assert.True(
                ((float)expected).Equals(actual) || Math.Abs(expected - actual) <= tolerance,
                $"e^{argument:R} is {actual:R}; {expected:R} was expected");
        }
    }

    [Theory]
    [TierData]
    public void Sigmoid_is_exact_to_rounding(SimdTier tier) => AssertExact(tier, Activation.Sigmoid, x => 1 / (1 + Math.Exp(-x)), 4e-7);

    [Theory]
    [TierData]
    public void Tanh_is_exact_to_rounding(SimdTier tier) => AssertExact(tier, Activation.Tanh, Math.Tanh, 6e-7);

    [Theory]
    [TierData]
    public void Clip_has_no_bound_where_it_is_given_the_largest_number(SimdTier tier)
    {
        AssertExact(tier, Activation.Clip(0, float.MaxValue), x => Math.Clamp(x, 0, float.MaxValue), 0);
        AssertExact(tier, Activation.Clip(float.MinValue, -1), x => Math.Clamp(x, float.MinValue, -1), 0);
    }

    /// <summary>At a kink the derivative is that of PyTorch 1.13 for hardsigmoid and relu6: 0 at both ends of a clip.</summary>
    [Theory]
    [TierData]
    public void Gradients_at_kinks_are_those_of_the_flat_side(SimdTier tier)
    {
        AssertSlopes(tier, Activation.Clip(0, 6), [-1, 0, 3, 6, 7], [0, 0, 1, 0, 0]);
        AssertSlopes(tier, Activation.LeakyRelu(0.5f), [-1, 0, 1], [0.5f, 0.5f, 1]);
        AssertSlopes(tier, Activation.Elu(0.5f), [float.NegativeInfinity, 0, 1, 100], [0, 0.5f, 1, 1]);
        AssertSlopes(tier, Activation.HardSigmoid(0.25f, 0.5f), [-2, 0, 2], [0, 0.25f, 0]);
        AssertSlopes(tier, Activation.HardSwish, [-4, 0, 4], [0, 0.5f, 1]);
    }

    /// <summary>
    /// Of torch.nn.functional.gelu (exact and approximate="tanh"), silu and mish in PyTorch 1.13 in double precision, rounded to 9 digits.
    /// </summary>
    [Theory]
    [TierData]
    public void Smooth_functions_are_those_of_PyTorch(SimdTier tier)
    {
        double[] x = [-30, -8, -3, -1, -0.1, 0, 0.1, 1, 3, 8, 30, 88, 200];
        AssertValues(
            tier, Activation.Gelu, x,
            [
                -0, -4.88498131e-15, -0.00404969409, -0.158655254, -0.0460172163, 0, 0.0539827837,
                0.841344746, 2.99595031, 8, 30, 88, 200,
            ]);
        AssertValues(
            tier, Activation.GeluTanh, x,
            [
                -0, -0, -0.00363739208, -0.158808009, -0.046017249, 0, 0.053982751,
                0.841191991, 2.99636261, 8, 30, 88, 200,
            ]);
        AssertValues(
            tier, Activation.Silu, x,
            [
                -2.80728689e-12, -0.00268280104, -0.14227762, -0.268941421, -0.0475020813, 0, 0.0524979187,
                0.731058579, 2.85772238, 7.9973172, 30, 88, 200,
            ]);
        AssertValues(
            tier, Activation.Mish, x,
            [
                -2.80728689e-12, -0.00268325088, -0.145647461, -0.303401461, -0.0567885752, 0, 0.0631794175,
                0.865098388, 2.986535, 7.9999982, 30, 88, 200,
            ]);
    }

    [Theory]
    [TierData]
    public void Padding_that_must_not_win_a_maximum_is_exact(SimdTier tier)
    {
        using var x = Blocked.FromNchw(1, 1, 1, 2, [-3e38f, 5]);
        using var padded = Blocked.Garbage(1, 1, 3, 4);
        using var y = Blocked.Garbage(1, 1, 1, 2);
        Rearrangement.Pad(new(1, 1, 2), 1, 1, 1, 1, 0, 0, float.MinValue).Apply(tier, x.Pointer, 1, padded.Pointer, accumulate: false);
        padded.AssertSound();
        MaxPool.Forward(tier, new(1, 3, 4, 3, 2, 2), padded.Pointer, 1, y.Pointer);
        Assert.Equal([-3e38f, 5], y.ToNchw());
    }

    private readonly struct ExponentialKernel(float* x, int length, float* y) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            for (var i = 0; i < length; i += Layout.Block) T.Store(y + i, Exponential.Of(T.Load(x + i)));
        }
    }

    private static void AssertExact(SimdTier tier, Activation activation, Func<double, double> function, double tolerance)
    {
        using var x = Blocked.FromNchw(1, 1, 1, Arguments.Length, Arguments);
        using var y = Blocked.Garbage(1, 1, 1, Arguments.Length);
        activation.Forward(tier, x.Pointer, 1, 1, x.Pixels, y.Pointer);
        y.AssertSound();
        foreach (var (argument, actual) in Arguments.Zip(y.ToNchw()))
        {
            var expected = function(argument);
            // Where a sigmoid would be subnormal, the exponential in its denominator overflows and it becomes 0.
            var error = Math.Abs(expected - actual);
            Assert.True(
                expected.Equals(actual) || error <= tolerance * Math.Abs(expected) + LargestLost,
                $"f({argument:R}) is {actual:R}; {expected:R} was expected");
        }
    }

    /// <summary>Asserts a relative error of at most 3e-6, but where values are far below that of the arguments.</summary>
    private static void AssertValues(SimdTier tier, Activation activation, double[] arguments, double[] expected)
    {
        using var x = Blocked.FromNchw(1, 1, 1, arguments.Length, Array.ConvertAll(arguments, value => (float)value));
        using var y = Blocked.Garbage(1, 1, 1, arguments.Length);
        activation.Forward(tier, x.Pointer, 1, 1, x.Pixels, y.Pointer);
        y.AssertSound();
        foreach (var (value, actual) in expected.Zip(y.ToNchw())) Assert.Equal(value, actual, 3e-6 * Math.Abs(value) + 1e-7);
    }

    private static void AssertSlopes(SimdTier tier, Activation activation, float[] arguments, float[] slopes)
    {
        using var x = Blocked.FromNchw(1, 1, 1, arguments.Length, arguments);
        using var dy = Blocked.FromNchw(1, 1, 1, x.Width, [.. arguments.Select(_ => 1f)]);
        using Blocked y = Blocked.Garbage(1, 1, 1, x.Width), dx = Blocked.Garbage(1, 1, 1, x.Width);
        activation.Forward(tier, x.Pointer, 1, 1, x.Pixels, y.Pointer);
        activation.BackwardData(tier, x.Pointer, y.Pointer, dy.Pointer, 1, 1, x.Pixels, dx.Pointer, accumulate: false);
        dx.AssertSound();
        Assert.Equal(slopes, dx.ToNchw());
    }
}
