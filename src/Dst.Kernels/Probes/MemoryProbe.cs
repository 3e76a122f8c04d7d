using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Reads memory and does as little else as it can: the speed at which weights and values reach a core.</summary>
public static unsafe class MemoryProbe
{
    private static float _last;

    /// <summary>Adds up some floats.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="values">The floats.</param>
    /// <param name="length">Their number, a multiple of 64.</param>
    public static void Read(SimdTier tier, float* values, long length) => KernelRunner.Run(tier, new ReadKernel(values, length));

    private readonly struct ReadKernel(float* values, long length) : IKernel
    {
        public void Reference()
        {
            float a = 0, b = 0, c = 0, d = 0;
            for (var i = 0L; i < length; i += 4) (a, b, c, d) = (a + values[i], b + values[i + 1], c + values[i + 2], d + values[i + 3]);
            Volatile.Write(ref _last, a + b + c + d); // or a compiler leaves the sums out
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            T a = T.Zero, b = T.Zero;
            for (var i = 0L; i < length; i += 2 * Layout.Block)
            {
                a = T.Add(a, T.Load(values + i));
                b = T.Add(b, T.Load(values + i + Layout.Block));
            }

            var sums = stackalloc float[Layout.Block];
            T.Store(sums, T.Add(a, b));
            Volatile.Write(ref _last, sums[0]);
        }
    }
}
