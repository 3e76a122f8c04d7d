using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// What a form by tile does before and behind its products. A tile is a square of 4×4 inputs, with inputs of the squares around it where
/// kernels reach further.
/// </summary>
internal abstract unsafe class TileTransforms
{
    /// <summary>Inputs of a square in each dimension.</summary>
    public const int Tile = 4;

    /// <summary>Name of the form.</summary>
    public abstract string Form { get; }

    /// <summary>Products of a tile in each dimension.</summary>
    public abstract int Points { get; }

    /// <summary>Outputs of a tile in each dimension: 4, or 2 of a stride or a pooling of 2.</summary>
    public abstract int Outputs { get; }

    /// <summary>The rows of the kernels that each row of products reads.</summary>
    public abstract IReadOnlyList<int[]> KernelRows { get; }

    /// <summary>Floats of scratch memory for a tile of a channel.</summary>
    public virtual int StripLength => 0;

    /// <summary>Those of a layer, or null if it has none.</summary>
    /// <param name="tier">Vector width: 256 bits or more.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="isPooled">Whether the maximum over 2×2 pixels follows.</param>
    public static TileTransforms? Of(SimdTier tier, Conv2dShape shape, bool isPooled) => tier switch
    {
        SimdTier.V512 => WithLanes<Lanes512>.Of(shape, isPooled),
        SimdTier.V256 => WithLanes<EightLanes256>.Of(shape, isPooled),
        _ => null,
    };

    /// <summary>Kernels of sixteen filters, [tap][16], to the factors of their products, [position][16].</summary>
    public abstract void Weights(float* kernels, float* factors);

    /// <summary>Squares of a channel to the other factors, V.</summary>
    /// <param name="squares">Planes of the channel.</param>
    /// <param name="strips">Scratch memory, <see cref="StripLength"/> floats for each tile.</param>
    /// <param name="v">[position][tile].</param>
    /// <param name="pitch">Floats from one position of V to the next.</param>
    public abstract void Input(in TileSquares squares, float* strips, float* v, nint pitch);

    /// <summary>Products of some filters to outputs, and what follows them.</summary>
    /// <param name="products">The products.</param>
    /// <param name="ending">Biases and bounds.</param>
    /// <param name="residual">What is added, or nothing. Only tiles of 4×4 outputs have it.</param>
    /// <param name="y">Where the outputs go.</param>
    public abstract void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y);

    private static class WithLanes<T> where T : unmanaged, ITileLanes<T>
    {
        private static readonly TileTransforms Squares = new SquareTransforms<T>();
        private static readonly TileTransforms PooledSquares = new PooledSquareTransforms<T>();
        private static readonly TileTransforms Strided = new StridedTransforms<T>();
        private static readonly TileTransforms Pointwise = new PointwiseTransforms<T>(stride: 1);
        private static readonly TileTransforms StridedPointwise = new PointwiseTransforms<T>(stride: 2);

        public static TileTransforms? Of(Conv2dShape shape, bool isPooled) =>
            (shape.KernelHeight, shape.KernelWidth, shape.Padding, shape.Stride, isPooled) switch
            {
                (3, 3, 1, 1, false) => Squares,
                (3, 3, 1, 1, true) => PooledSquares,
                (3, 3, 1, 2, false) => Strided,
                (1, 1, 0, 1, false) => Pointwise,
                (1, 1, 0, 2, false) => StridedPointwise,
                _ => null,
            };
    }
}

/// <summary>Squares of a channel in some rows of them.</summary>
/// <param name="first">The first one in the first plane.</param>
/// <param name="planeLength">Floats from one plane to the next.</param>
/// <param name="columns">Squares of a row.</param>
/// <param name="tiles">Squares, in whole vectors.</param>
/// <param name="pitch">Floats from one strip to the next.</param>
/// <param name="masks">[side][tile]: all ones if there is a square above, below, left, right.</param>
/// <param name="maskLength">From one side to the next.</param>
internal readonly unsafe struct TileSquares(float* first, nint planeLength, int columns, int tiles, nint pitch, int* masks, nint maskLength)
{
    public readonly float* First = first;
    public readonly nint PlaneLength = planeLength;
    public readonly int Columns = columns;
    public readonly int Tiles = tiles;
    public readonly nint Pitch = pitch;

    /// <summary>The mask of a vector of tiles.</summary>
    public T Mask<T>(int side, int first) where T : unmanaged, ITileLanes<T> => T.Load((float*)(masks + side * maskLength + first));
}
