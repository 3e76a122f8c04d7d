namespace Dst.Kernels.Simd;

/// <summary>One operation with its arguments, on vectors only.</summary>
internal interface IVectorKernel
{
    /// <summary>The fast form, compiled once for each width of vectors.</summary>
    void Run<T>() where T : unmanaged, ILanes<T>;
}

/// <summary>One operation with its arguments, in the two forms that almost every kernel has.</summary>
internal interface IKernel : IVectorKernel
{
    /// <summary>Plain loops with sums in double: the specification, and what the scalar tier runs.</summary>
    void Reference();
}

/// <summary>Runs kernels on a tier.</summary>
internal static class KernelRunner
{
    /// <summary>Runs <paramref name="kernel"/> in the form that belongs to <paramref name="tier"/>.</summary>
    public static void Run<TKernel>(SimdTier tier, TKernel kernel) where TKernel : struct, IKernel
    {
        if (tier == SimdTier.Scalar) kernel.Reference();
        else RunOnVectors(tier, kernel);
    }

    /// <summary>Runs <paramref name="kernel"/> on the vectors of <paramref name="tier"/>, which is not the scalar tier.</summary>
    public static void RunOnVectors<TKernel>(SimdTier tier, TKernel kernel) where TKernel : struct, IVectorKernel
    {
        switch (tier)
        {
            case SimdTier.V512: kernel.Run<Lanes512>(); break;
            case SimdTier.V256: kernel.Run<Lanes256>(); break;
            case SimdTier.V128: kernel.Run<Lanes128>(); break;
            default: throw new InvalidOperationException("this operation has no scalar form");
        }
    }
}
