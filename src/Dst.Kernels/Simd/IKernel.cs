namespace Dst.Kernels.Simd;

/// <summary>One operation with its arguments, in the two forms that every kernel has.</summary>
internal interface IKernel
{
    /// <summary>Plain loops with sums in double: the specification, and what the scalar tier runs.</summary>
    void Reference();

    /// <summary>The fast form, compiled once for each width of vectors.</summary>
    void Run<T>() where T : unmanaged, ILanes<T>;
}

/// <summary>Runs kernels on the tier in use.</summary>
internal static class KernelRunner
{
    /// <summary>Runs <paramref name="kernel"/> in the form that belongs to <see cref="Simd.Tier"/>.</summary>
    public static void Run<TKernel>(TKernel kernel) where TKernel : struct, IKernel
    {
        switch (Simd.Tier)
        {
            case SimdTier.V512: kernel.Run<Lanes512>(); break;
            case SimdTier.V256: kernel.Run<Lanes256>(); break;
            case SimdTier.V128: kernel.Run<Lanes128>(); break;
            default: kernel.Reference(); break;
        }
    }
}
