namespace Dst.Kernels.Simd;

/// <summary>One operation with its arguments that exists on vectors only.</summary>
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

/// <summary>Runs kernels on the tier in use.</summary>
internal static class KernelRunner
{
    /// <summary>Runs <paramref name="kernel"/> in the form that belongs to <see cref="Simd.Tier"/>.</summary>
    public static void Run<TKernel>(TKernel kernel) where TKernel : struct, IKernel
    {
        if (Simd.Tier == SimdTier.Scalar) kernel.Reference();
        else RunOnVectors(kernel);
    }

    /// <summary>Runs <paramref name="kernel"/> on the vectors of <see cref="Simd.Tier"/>, which is not the scalar tier.</summary>
    public static void RunOnVectors<TKernel>(TKernel kernel) where TKernel : struct, IVectorKernel
    {
        switch (Simd.Tier)
        {
            case SimdTier.V512: kernel.Run<Lanes512>(); break;
            case SimdTier.V256: kernel.Run<Lanes256>(); break;
            case SimdTier.V128: kernel.Run<Lanes128>(); break;
            default: throw new InvalidOperationException("this operation has no scalar form");
        }
    }
}
