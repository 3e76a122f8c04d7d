using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>y = f(x), zero in lanes of no channel.</summary>
internal readonly unsafe struct ActivationForward<TFunction>(
    TFunction function, float* x, int images, int channels, int pixels, float* y) : IKernel
    where TFunction : struct, IActivation
{
    public void Reference()
    {
        for (var i = 0L; i < images * Layout.ImageLength(channels, pixels); i++)
        {
            var channel = Layout.ChannelOf(i, Layout.Blocks(channels), pixels);
            y[i] = channel < channels ? (float)function.Value(x[i], channel) : 0;
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var exists = stackalloc float[Layout.Block];
        var (blocks, plane) = (Layout.Blocks(channels), (long)pixels * Layout.Block);
        for (var i = 0L; i < (long)images * blocks; i++)
        {
            var channel = (int)(i % blocks) * Layout.Block;
            for (var lane = 0; lane < Layout.Block; lane++) exists[lane] = channel + lane < channels ? 1 : 0;
            Plane<T>(function, channel, T.Load(exists), x + i * plane, y + i * plane, plane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(TFunction function, int channel, T exists, float* x, float* y, long length) where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < length; i += Layout.Block) T.Store(y + i, T.WherePositive(exists, function.Value(T.Load(x + i), channel)));
    }
}

/// <summary>dx = dy · f′(x); dy is zero in lanes of no channel.</summary>
internal readonly unsafe struct ActivationBackwardData<TFunction>(
    TFunction function, float* x, float* y, float* dy, int images, int blocks, int pixels, float* dx, bool accumulate) : IKernel
    where TFunction : struct, IActivation
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
            dx[i] = (float)(dy[i] * function.Slope(x[i], y[i], Layout.ChannelOf(i, blocks, pixels))) + (accumulate ? dx[i] : 0);
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = (long)pixels * Layout.Block;
        for (var i = 0L; i < (long)images * blocks; i++)
            Plane<T>(
                function, (int)(i % blocks) * Layout.Block,
                x + i * plane, y + i * plane, dy + i * plane, dx + i * plane, plane, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(TFunction function, int channel, float* x, float* y, float* dy, float* dx, long length, bool accumulate)
        where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < length; i += Layout.Block)
        {
            var slope = function.Slope(T.Load(x + i), T.Load(y + i), channel);
            T.Store(dx + i, T.MultiplyAdd(T.Load(dy + i), slope, accumulate ? T.Load(dx + i) : T.Zero));
        }
    }
}

/// <summary>Σ dy · ∂f/∂parameter of each channel.</summary>
internal readonly unsafe struct ActivationBackwardWeight<TFunction>(
    float* x, float* dy, int images, int blocks, int pixels, double* sums) : IKernel
    where TFunction : struct, IParametricActivation
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
            sums[Layout.ChannelOf(i, blocks, pixels)] += dy[i] * TFunction.ParameterSlope((double)x[i]);
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = (long)pixels * Layout.Block;
        for (var i = 0L; i < (long)images * blocks; i++)
            PlaneSum<T>(x + i * plane, dy + i * plane, pixels, sums + i % blocks * Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaneSum<T>(float* x, float* dy, int pixels, double* sums) where T : unmanaged, ILanes<T>
    {
        for (var first = 0; first < pixels; first += Chunk.Pixels)
        {
            var end = x + (long)Math.Min(Chunk.Pixels, pixels - first) * Layout.Block;
            var sum = T.Zero;
            for (; x < end; x += Layout.Block, dy += Layout.Block)
                sum = T.MultiplyAdd(T.Load(dy), TFunction.ParameterSlope(T.Load(x)), sum);
            T.AddTo(sums, sum);
        }
    }
}
