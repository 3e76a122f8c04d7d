using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Operations that treat each float alone. Lengths are whole blocks, zero lanes included, and every operation keeps zero lanes
/// zero. A destination may be one of the sources.
/// </summary>
public static unsafe class Elementwise
{
    /// <summary>y = max(x, 0).</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Input.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="y">Output; may be <paramref name="x"/>.</param>
    public static void Relu(SimdTier tier, float* x, long length, float* y) => Run<ReluFunction>(tier, x, x, length, y, accumulate: false);

    /// <summary>dx = dy where y &gt; 0, else 0.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="y">The forward pass's output (or input: their signs agree).</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void ReluBackward(SimdTier tier, float* y, float* dy, long length, float* dx, bool accumulate) =>
        Run<ReluBackwardFunction>(tier, y, dy, length, dx, accumulate);

    /// <summary>y = a + b.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="a">First summand.</param>
    /// <param name="b">Second summand.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="y">Sum; may be a summand.</param>
    public static void Add(SimdTier tier, float* a, float* b, long length, float* y) =>
        Run<AddFunction>(tier, a, b, length, y, accumulate: false);

    /// <summary>y = a · b: a product, or the gradient of one factor, which is the output's gradient times the other factor.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="a">First factor.</param>
    /// <param name="b">Second factor.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="y">The product.</param>
    /// <param name="accumulate">Adds to <paramref name="y"/> rather than overwrites it.</param>
    public static void Multiply(SimdTier tier, float* a, float* b, long length, float* y, bool accumulate) =>
        Run<MultiplyFunction>(tier, a, b, length, y, accumulate);

    /// <summary>destination += source. Sums of parts are added with it, in the order of the parts.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="source">What is added.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="destination">What it is added to.</param>
    public static void Accumulate(SimdTier tier, float* source, long length, float* destination) =>
        Run<AddFunction>(tier, destination, source, length, destination, accumulate: false);

    /// <summary>destination = source, or destination += source: the gradient of each side of an addition.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="source">What is copied or added.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="accumulate">Adds to <paramref name="destination"/> rather than overwrites it.</param>
    public static void Copy(SimdTier tier, float* source, long length, float* destination, bool accumulate)
    {
        if (accumulate) Accumulate(tier, source, length, destination);
        else Buffer.MemoryCopy(source, destination, length * sizeof(float), length * sizeof(float));
    }

    private static void Run<TFunction>(SimdTier tier, float* a, float* b, long length, float* destination, bool accumulate)
        where TFunction : IFunction
    {
        if (length < 0 || length % Layout.Block != 0)
            throw new ArgumentException($"{length} floats; a multiple of {Layout.Block} was expected", nameof(length));
        KernelRunner.Run(tier, new ElementwiseKernel<TFunction>(a, b, length, destination, accumulate));
    }

    /// <summary>A function of one element of each source.</summary>
    internal interface IFunction
    {
        static abstract float Apply(float a, float b);

        static abstract T Apply<T>(T a, T b) where T : unmanaged, ILanes<T>;
    }

    internal readonly struct ReluFunction : IFunction
    {
        public static float Apply(float a, float b) => Math.Max(a, 0);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.Max(a, T.Zero);
    }

    internal readonly struct ReluBackwardFunction : IFunction
    {
        public static float Apply(float a, float b) => a > 0 ? b : 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.WherePositive(a, b);
    }

    internal readonly struct AddFunction : IFunction
    {
        public static float Apply(float a, float b) => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.Add(a, b);
    }

    internal readonly struct MultiplyFunction : IFunction
    {
        public static float Apply(float a, float b) => a * b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<T>(T a, T b) where T : unmanaged, ILanes<T> => T.Multiply(a, b);
    }
}

/// <summary>The one loop of all elementwise operations.</summary>
internal readonly unsafe struct ElementwiseKernel<TFunction>(float* a, float* b, long length, float* destination, bool accumulate) : IKernel
    where TFunction : Elementwise.IFunction
{
    public void Reference()
    {
        for (var i = 0L; i < length; i++) destination[i] = TFunction.Apply(a[i], b[i]) + (accumulate ? destination[i] : 0);
    }

    public void Run<T>() where T : unmanaged, ILanes<T> => Loop<T>(a, b, length, destination, accumulate);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<T>(float* a, float* b, long length, float* destination, bool accumulate) where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < length; i += Layout.Block)
        {
            var value = TFunction.Apply(T.Load(a + i), T.Load(b + i));
            T.Store(destination + i, accumulate ? T.Add(value, T.Load(destination + i)) : value);
        }
    }
}
