using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

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
    private static unsafe void Run<TLanes, TChains>(int rounds)
        where TLanes : unmanaged, ILanes<TLanes>
        where TChains : unmanaged, IChains<TLanes>
    {
        TChains chains = default;
        chains.Set(TLanes.Broadcast(-0.5f));
        for (var i = 0; i < rounds; i++) chains.MultiplyAdd();
        var sink = stackalloc float[Layout.Block];
        TLanes.Store(sink, chains.Sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Scalars(int rounds)
    {
        float a = 0, b = 1, c = 2, d = 3;
        for (var i = 0; i < rounds; i++) (a, b, c, d) = (a * 0.5f + 1, b * 0.5f + 1, c * 0.5f + 1, d * 0.5f + 1);
        Volatile.Write(ref _last, a + b + c + d); // or a compiler leaves the sums out
        return (long)rounds * 4 * OperationsPerMultiplyAdd;
    }

    private interface IChains<TLanes>
    {
        /// <summary>The sum of all, so that none is left out.</summary>
        TLanes Sum { get; }

        /// <summary>Sets all.</summary>
        void Set(TLanes value);

        /// <summary>Each a becomes a · a + a, which takes no register but its own. From −0.5 on it nears zero as −1/n.</summary>
        void MultiplyAdd();
    }

    private struct Three<TLanes> : IChains<TLanes> where TLanes : unmanaged, ILanes<TLanes>
    {
        private TLanes _a;
        private TLanes _b;
        private TLanes _c;

        public readonly TLanes Sum
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => TLanes.Add(_a, TLanes.Add(_b, _c));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(TLanes value) => (_a, _b, _c) = (value, value, value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void MultiplyAdd()
        {
            _a = TLanes.MultiplyAdd(_a, _a, _a);
            _b = TLanes.MultiplyAdd(_b, _b, _b);
            _c = TLanes.MultiplyAdd(_c, _c, _c);
        }
    }

    private struct Two<TLanes, TChains> : IChains<TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
        where TChains : unmanaged, IChains<TLanes>
    {
        private TChains _a;
        private TChains _b;

        public readonly TLanes Sum
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => TLanes.Add(_a.Sum, _b.Sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Set(TLanes value)
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
