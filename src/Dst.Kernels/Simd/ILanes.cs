namespace Dst.Kernels.Simd;

/// <summary>
/// <see cref="Layout.Block"/> lanes of floats, one for each channel of a block: one 512-bit, two 256-bit or four 128-bit vectors.
/// Kernels are written once over this interface; the JIT compiles one version per struct.
/// </summary>
internal unsafe interface ILanes<T> : IVector<T> where T : unmanaged, ILanes<T>
{
    /// <summary>How many accumulators of sixteen lanes fit in the registers beside weights and one broadcast.</summary>
    static abstract int Accumulators { get; }

    /// <summary>Sixteen consecutive integers of 16 bits.</summary>
    static abstract T Load(short* source);

    /// <summary>a / b.</summary>
    static abstract T Divide(T a, T b);

    /// <summary>2 to the power of a whole number from −126 to 127; undefined for NaN.</summary>
    static abstract T PowerOfTwo(T exponent);

    /// <summary>Lane by lane, the smaller.</summary>
    static abstract T Min(T a, T b);

    /// <summary>a where condition &gt; 0, else b.</summary>
    static abstract T SelectPositive(T condition, T a, T b);

    /// <summary>value where condition &gt; 0, else 0.</summary>
    static abstract T WherePositive(T condition, T value);

    /// <summary>value where a = b, else 0.</summary>
    static abstract T WhereEqual(T a, T b, T value);

    /// <summary>*scalar · b + c, with the scalar in all lanes.</summary>
    static abstract T MultiplyAdd(float* scalar, T b, T c);

    /// <summary>Lane lanes[i] of <paramref name="source"/> in lane i; zero where lanes[i] is 16.</summary>
    static abstract T Pick(T source, int* lanes);

    /// <summary>Adds the lanes to sixteen consecutive doubles.</summary>
    static abstract void AddTo(double* destination, T value);
}
