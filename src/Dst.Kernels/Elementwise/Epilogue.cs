using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>What follows a layer in place, in one pass over its output: y = y + bias + residual, then max(·, 0), each if it is there.</summary>
public static unsafe class Epilogue
{
    /// <summary>Applies what is asked for to some planes of whole blocks.</summary>
    /// <param name="y">[N, blocks, pixels, 16], overwritten.</param>
    /// <param name="bias">[blocks · 16], or null for none.</param>
    /// <param name="residual">[N, blocks, pixels, 16], or null for none.</param>
    /// <param name="relu">Whether a ReLU comes last.</param>
    /// <param name="images">Images N.</param>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="pixels">Pixels of a block.</param>
    public static void Apply(float* y, float* bias, float* residual, bool relu, int images, int blocks, int pixels)
    {
        Check.Images(images, blocks, pixels);
        KernelRunner.Run(new EpilogueKernel(y, bias, residual, relu ? 0 : float.NegativeInfinity, images, blocks, pixels));
    }
}

/// <summary>y = max(y + bias + residual, floor).</summary>
internal readonly unsafe struct EpilogueKernel(float* y, float* bias, float* residual, float floor, int images, int blocks, int pixels) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var value = (double)y[i];
            if (bias != null) value += bias[i / Layout.Block / pixels % blocks * Layout.Block + i % Layout.Block];
            if (residual != null) value += residual[i];
            y[i] = Math.Max((float)value, floor);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var zeros = stackalloc float[Layout.Block];
        new Span<float>(zeros, Layout.Block).Clear();
        for (var i = 0L; i < (long)images * blocks; i++)
        {
            var offset = i * pixels * Layout.Block;
            Plane<T>(y + offset, bias == null ? zeros : bias + i % blocks * Layout.Block, residual == null ? null : residual + offset, pixels, floor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(float* y, float* bias, float* residual, int pixels, float floor) where T : unmanaged, ILanes<T>
    {
        var floors = stackalloc float[Layout.Block];
        new Span<float>(floors, Layout.Block).Fill(floor);
        T shift = T.Load(bias), lowest = T.Load(floors);
        var end = y + (long)pixels * Layout.Block;
        if (residual == null)
        {
            for (; y < end; y += Layout.Block) T.Store(y, T.Max(T.Add(T.Load(y), shift), lowest));
            return;
        }

        for (; y < end; y += Layout.Block, residual += Layout.Block) T.Store(y, T.Max(T.Add(T.Add(T.Load(y), shift), T.Load(residual)), lowest));
    }
}
