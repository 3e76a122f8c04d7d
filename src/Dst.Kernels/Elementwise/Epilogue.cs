using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// What follows the products of a layer: y = clip(y + bias + residual), where each is optional. Kernels apply it before
/// they store, or while the stored values are in the first-level cache.
/// </summary>
/// <param name="bias">[blocks · 16], zero beyond the channels; null for none.</param>
/// <param name="residual">Of the layout of the layer's output, from the same image on; null for none.</param>
/// <param name="bounds">What the sum is clipped to. They contain 0, so that lanes of no channel stay zero.</param>
public readonly unsafe struct Epilogue(float* bias, float* residual, Bounds bounds)
{
    /// <summary>Nothing follows.</summary>
    public static Epilogue None => new(null, null, Bounds.None);

    /// <summary>The bias, or null.</summary>
    public float* Bias { get; } = bias;

    /// <summary>What is added, or null.</summary>
    public float* Residual { get; } = residual;

    /// <summary>What the sum is clipped to.</summary>
    public Bounds Bounds { get; } = bounds;

    /// <summary>The epilogue of an output whose kernel has added the bias.</summary>
    public Epilogue WithoutBias => new(null, Residual, Bounds);

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Bias == null && Residual == null && Bounds == Bounds.None;

    /// <summary>
    /// The epilogue of an output that begins <paramref name="blocks"/> blocks of channels and <paramref name="floats"/> floats later.
    /// </summary>
    public Epilogue From(int blocks, long floats) =>
        new(Bias == null ? null : Bias + blocks * Layout.Block, Residual == null ? null : Residual + floats, Bounds);

    /// <summary>Applies it in place to some planes of whole blocks.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="y">[N, blocks, pixels, 16], overwritten.</param>
    /// <param name="images">Images N.</param>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="pixels">Pixels of a block.</param>
    /// <exception cref="ArgumentException">A number of images, blocks or pixels is out of range.</exception>
    public void Apply(SimdTier tier, float* y, int images, int blocks, int pixels)
    {
        Check.Images(images, blocks, pixels);
        if (!IsEmpty) KernelRunner.Run(tier, new EpilogueKernel(this, y, images, blocks, pixels));
    }

    /// <summary>Applies it in place to neighbouring pixels of one block, the first of this bias and residual.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Apply<T>(float* y, int pixels) where T : unmanaged, ILanes<T>
    {
        T shift = Bias == null ? T.Zero : T.Load(Bias), least = T.Broadcast(Bounds.Least), most = T.Broadcast(Bounds.Most);
        var end = y + (long)pixels * Layout.Block;
        if (Residual == null)
        {
            for (; y < end; y += Layout.Block) T.Store(y, T.Clip(T.Add(T.Load(y), shift), least, most));
            return;
        }

        for (var added = Residual; y < end; y += Layout.Block, added += Layout.Block)
            T.Store(y, T.Clip(T.Add(T.Add(T.Load(y), shift), T.Load(added)), least, most));
    }
}

/// <summary>An epilogue of whole planes.</summary>
internal readonly unsafe struct EpilogueKernel(Epilogue epilogue, float* y, int images, int blocks, int pixels) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var value = (double)y[i];
            if (epilogue.Bias != null) value += epilogue.Bias[Layout.ChannelOf(i, blocks, pixels)];
            if (epilogue.Residual != null) value += epilogue.Residual[i];
            y[i] = Math.Clamp((float)value, epilogue.Bounds.Least, epilogue.Bounds.Most);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < images * blocks; i++)
        {
            var offset = (long)i * pixels * Layout.Block;
            epilogue.From(i % blocks, offset).Apply<T>(y + offset, pixels);
        }
    }
}
