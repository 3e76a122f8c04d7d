namespace Dst.Kernels.Simd;

/// <summary>
/// Sixteen 32-bit sums of products, one for each filter of a block. A 32-bit element of a pixel is some neighbouring channels, and each sum
/// grows by their products with its filter's weights. All is exact.
/// </summary>
internal unsafe interface ISumLanes<T> where T : unmanaged, ISumLanes<T>
{
    /// <summary>Channels of an element: two of 16 bits, or four of 8.</summary>
    static abstract int Channels { get; }

    /// <summary>Pixels whose sums fit in the registers beside weights and one broadcast: 2, 4, 8 or 16.</summary>
    static abstract int Pixels { get; }

    /// <summary>The signed bytes that meet an element: <see cref="Channels"/> for each filter.</summary>
    static abstract T Weights(sbyte* source);

    /// <summary>Sixteen integers, or thirty-two of 16 bits: two in each lane.</summary>
    static abstract T Load(int* source);

    /// <summary>The same integer in all lanes.</summary>
    static abstract T Broadcast(int value);

    /// <summary>The sums, and the products of weights and an element in all lanes.</summary>
    static abstract T MultiplyAdd(T weights, T element, T sum);

    /// <summary>Writes sixteen integers.</summary>
    static abstract void Store(int* destination, T value);
}
