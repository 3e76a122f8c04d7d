namespace Dst.Kernels.Simd;

/// <summary>A vector of floats of any length.</summary>
internal unsafe interface IVector<T> where T : unmanaged, IVector<T>
{
    /// <summary>All lanes zero.</summary>
    static abstract T Zero { get; }

    /// <summary>Consecutive floats.</summary>
    static abstract T Load(float* source);

    /// <summary>Writes consecutive floats.</summary>
    static abstract void Store(float* destination, T value);

    /// <summary>The same value in all lanes.</summary>
    static abstract T Broadcast(float value);

    /// <summary>a + b.</summary>
    static abstract T Add(T a, T b);

    /// <summary>a − b.</summary>
    static abstract T Subtract(T a, T b);

    /// <summary>a · b.</summary>
    static abstract T Multiply(T a, T b);

    /// <summary>a · b + c, fused where the processor can.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>Lane by lane, the larger.</summary>
    static abstract T Max(T a, T b);

    /// <summary>Lane by lane the nearest value from least to most; NaN stays NaN.</summary>
    static abstract T Clip(T value, T least, T most);
}
