using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The least and the most that values may be.</summary>
public readonly record struct Bounds(float Least, float Most)
{
    /// <summary>All values.</summary>
    public static Bounds None { get; } = new(float.NegativeInfinity, float.PositiveInfinity);

    /// <summary>0 and above.</summary>
    public static Bounds Relu { get; } = new(0, float.PositiveInfinity);
}

/// <summary>What follows a layer in place, in one pass over its output: y = y + bias + residual, each if it is there, clipped to bounds.</summary>
public static unsafe class Epilogue
{
    /// <summary>Applies what is asked for to some planes of whole blocks.</summary>
    /// <param name="y">[N, blocks, pixels, 16], overwritten.</param>
    /// <param name="bias">[blocks · 16], or null for none.</param>
    /// <param name="residual">[N, blocks, pixels, 16], or null for none.</param>
    /// <param name="bounds">What the sum is clipped to; 0 is within them, so that lanes of no channel stay zero.</param>
    /// <param name="images">Images N.</param>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="pixels">Pixels of a block.</param>
    public static void Apply(float* y, float* bias, float* residual, Bounds bounds, int images, int blocks, int pixels)
    {
        Check.Images(images, blocks, pixels);
        KernelRunner.Run(new EpilogueKernel(y, bias, residual, bounds, images, blocks, pixels));
    }
}

/// <summary>y = min(max(y + bias + residual, least), most).</summary>
internal readonly unsafe struct EpilogueKernel(float* y, float* bias, float* residual, Bounds bounds, int images, int blocks, int pixels) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var value = (double)y[i];
            if (bias != null) value += bias[i / Layout.Block / pixels % blocks * Layout.Block + i % Layout.Block];
            if (residual != null) value += residual[i];
            y[i] = Math.Clamp((float)value, bounds.Least, bounds.Most);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var zeros = stackalloc float[Layout.Block];
        new Span<float>(zeros, Layout.Block).Clear();
        for (var i = 0L; i < (long)images * blocks; i++)
        {
            var offset = i * pixels * Layout.Block;
            Plane<T>(y + offset, bias == null ? zeros : bias + i % blocks * Layout.Block, residual == null ? null : residual + offset, pixels, bounds);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(float* y, float* bias, float* residual, int pixels, Bounds bounds) where T : unmanaged, ILanes<T>
    {
        T shift = T.Load(bias), least = T.Broadcast(bounds.Least), most = T.Broadcast(bounds.Most);
        var end = y + (long)pixels * Layout.Block;
        if (residual == null)
        {
            for (; y < end; y += Layout.Block) T.Store(y, T.Clip(T.Add(T.Load(y), shift), least, most));
            return;
        }

        for (; y < end; y += Layout.Block, residual += Layout.Block) T.Store(y, T.Clip(T.Add(T.Add(T.Load(y), shift), T.Load(residual)), least, most));
    }
}
