namespace Dst.Kernels.Simd;

/// <summary>
/// Sixteen lanes of 32-bit integers, one for each channel of a block: one 512-bit, two 256-bit or four 128-bit vectors. All operations are
/// exact, so that every width gives the same. Products are of 16-bit halves of lanes.
/// </summary>
internal unsafe interface IIntLanes<T> : ISumLanes<T> where T : unmanaged, IIntLanes<T>
{
    /// <summary>All lanes zero.</summary>
    static abstract T Zero { get; }

    /// <summary>Sixteen unsigned bytes.</summary>
    static abstract T Bytes(byte* source);

    /// <summary>a + b.</summary>
    static abstract T Add(T a, T b);

    /// <summary>a − b.</summary>
    static abstract T Subtract(T a, T b);

    /// <summary>The larger of both.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The lower 32 bits of value · factor.</summary>
    static abstract T Multiply(T value, int factor);

    /// <summary>value · 2^bits.</summary>
    static abstract T ShiftLeft(T value, int bits);

    /// <summary>value / 2^bits, rounded down.</summary>
    static abstract T ShiftRight(T value, int bits);

    /// <summary>What <see cref="Requantisation.Apply"/> makes of sums before it clamps them.</summary>
    static abstract T Requantise(T sum, in LaneRequantisation<T> by);

    /// <summary>offsets + (the even lanes of values · factor · 2^shift), in eight lanes of 64 bits.</summary>
    static abstract T AddProducts(T offsets, T values, int factor, int shift);

    /// <summary>Each odd lane moved to the even lane before it. The odd lanes become 0.</summary>
    static abstract T OddLanes(T value);

    /// <summary>The lanes of four pixels as sixty-four bytes [pixel][16]. What is below 0 or above 255 becomes 0 or 255.</summary>
    static abstract T Pack(T a, T b, T c, T d);

    /// <summary>Each byte clamped to the bytes of low and high in the same place.</summary>
    static abstract T ClampBytes(T bytes, T low, T high);

    /// <summary>Writes the first sixteen of packed bytes.</summary>
    static abstract void StorePixel(byte* destination, T bytes);

    /// <summary>Writes value · scale as floats.</summary>
    static abstract void StoreFloats(float* destination, T value, float* scales);

    /// <summary>
    /// The integers of floats, as <see cref="ByteMap.FromFloats"/> says: source · steps, clamped to low and high, plus half, rounded down.
    /// </summary>
    static abstract T FromFloats(float* source, float steps, float low, float high, float half);
}

/// <summary>Runs kernels of integers on the vectors of a tier.</summary>
internal interface IIntKernel
{
    /// <summary>The fast form, compiled once for each width of vectors.</summary>
    void Run<T>() where T : unmanaged, IIntLanes<T>;
}

/// <summary>Runs kernels of integers.</summary>
internal static class IntKernelRunner
{
    /// <summary>Runs <paramref name="kernel"/> on the vectors of <paramref name="tier"/>, which is not the scalar tier.</summary>
    public static void Run<TKernel>(SimdTier tier, TKernel kernel) where TKernel : struct, IIntKernel
    {
        switch (tier)
        {
            case SimdTier.V512: kernel.Run<IntLanes512>(); break;
            case SimdTier.V256: kernel.Run<IntLanes256>(); break;
            case SimdTier.V128: kernel.Run<IntLanes128>(); break;
            default: throw new InvalidOperationException("the scalar tier runs references");
        }
    }
}
