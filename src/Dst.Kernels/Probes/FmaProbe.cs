using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Multiply-adds on registers alone, without a load: the peak speed of a tier.</summary>
public static class FmaProbe
{
    /// <summary>
    /// Vectors whose sums wait for nothing but themselves: enough to hide a latency of four cycles with three units, few enough for the
    /// sixteen registers of older processors.
    /// </summary>
    private const int Chains = 12;

    private const int OperationsPerMultiplyAdd = 2;

    private static float _last;

    /// <summary>Runs a number of rounds and returns the number of floating-point operations.</summary>
    public static long Run(SimdTier tier, int rounds)
    {
        switch (tier)
        {
            case SimdTier.V512: Run<Lanes512, Two<Lanes512, Two<Lanes512, Three<Lanes512>>>>(rounds); break;
            case SimdTier.V256: Run<Lanes256, Two<Lanes256, Three<Lanes256>>>(rounds); break;
            case SimdTier.V128: Run<Lanes128, Three<Lanes128>>(rounds); break;
            default: return Scalars(rounds);
        }

        return (long)rounds * Chains * LanesOf(tier) * OperationsPerMultiplyAdd;
    }

    /// <summary>Lanes of one vector.</summary>
    public static int LanesOf(SimdTier tier) =>
        tier switch { SimdTier.V512 => 16, SimdTier.V256 => 8, SimdTier.V128 => 4, _ => 1 };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Run<T, TChains>(int rounds)
        where T : unmanaged, ILanes<T>
        where TChains : unmanaged, IChains<T>
    {
        TChains chains = default;
        chains.Set(T.Broadcast(-0.5f));
        for (var i = 0; i < rounds; i++) chains.MultiplyAdd();
        var sink = stackalloc float[Layout.Block];
        T.Store(sink, chains.Sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Scalars(int rounds)
    {
        float a = 0, b = 1, c = 2, d = 3;
        for (var i = 0; i < rounds; i++) (a, b, c, d) = (a * 0.5f + 1, b * 0.5f + 1, c * 0.5f + 1, d * 0.5f + 1);
        Volatile.Write(ref _last, a + b + c + d); // or a compiler leaves the sums out
        return (long)rounds * 4 * OperationsPerMultiplyAdd;
    }

    private interface IChains<T>
    {
        /// <summary>The sum of all, so that none is left out.</summary>
        T Sum { get; }

        /// <summary>Sets all.</summary>
        void Set(T value);

        /// <summary>Each a becomes a · a + a, which takes no register but its own. From −0.5 on it nears zero as −1/n.</summary>
        void MultiplyAdd();
    }

    private struct Three<T> : IChains<T> where T : unmanaged, ILanes<T>
    {
        private T _a;
        private T _b;
        private T _c;

        public readonly T Sum
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => T.Add(_a, T.Add(_b, _c));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(T value) => (_a, _b, _c) = (value, value, value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void MultiplyAdd()
        {
            _a = T.MultiplyAdd(_a, _a, _a);
            _b = T.MultiplyAdd(_b, _b, _b);
            _c = T.MultiplyAdd(_c, _c, _c);
        }
    }

    private struct Two<T, TChains> : IChains<T>
        where T : unmanaged, ILanes<T>
        where TChains : unmanaged, IChains<T>
    {
        private TChains _a;
        private TChains _b;

        public readonly T Sum
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => T.Add(_a.Sum, _b.Sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(T value)
        {
            TChains chains = default;
            chains.Set(value);
            (_a, _b) = (chains, chains);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void MultiplyAdd()
        {
            _a.MultiplyAdd();
            _b.MultiplyAdd();
        }
    }
}
