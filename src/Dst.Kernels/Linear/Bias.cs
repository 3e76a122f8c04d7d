using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The bias of a convolution or linear layer: one value for each channel, added to all of its pixels.</summary>
public static unsafe class Bias
{
    /// <summary>Adds Σdy of each channel over a run of images to <paramref name="sums"/>.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="dy">[N, C/16, H, W, 16]; a linear layer has one pixel.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="sums">Padded [C], in double so that parts can be added without loss.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void Backward(SimdTier tier, float* dy, int images, int channels, int pixels, Span<double> sums)
    {
        Check.Images(images, channels, pixels);
        Check.Length<double>(sums, Layout.PaddedChannels(channels));
        fixed (double* s = sums) KernelRunner.Run(tier, new BiasBackward(dy, images, Layout.Blocks(channels), pixels, s));
    }
}

/// <summary>Σdy of each channel.</summary>
internal readonly unsafe struct BiasBackward(float* dy, int images, int blocks, int pixels, double* sums) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
            sums[Layout.ChannelOf(i, blocks, pixels)] += dy[i];
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = (long)pixels * Layout.Block;
        for (var i = 0; i < images * blocks; i++) PlaneSum<T>(dy + i * plane, pixels, sums + i % blocks * Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaneSum<T>(float* dy, int pixels, double* sums) where T : unmanaged, ILanes<T>
    {
        for (var first = 0; first < pixels; first += Chunk.Pixels)
        {
            var end = dy + (long)Math.Min(Chunk.Pixels, pixels - first) * Layout.Block;
            var sum = T.Zero;
            for (; dy < end; dy += Layout.Block) sum = T.Add(sum, T.Load(dy));
            T.AddTo(sums, sum);
        }
    }
}
