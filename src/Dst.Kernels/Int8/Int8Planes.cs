using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The bytes of a padded map as a direct convolution reads them, as bytes or widened to 16 bits: [plane][row][pixel][place].
/// Four or two places are a 32-bit element. Subclasses say what a place is.
/// </summary>
/// <param name="shape">The convolution that reads them.</param>
/// <param name="padding">The byte around the map.</param>
/// <param name="perElement">Places of an element: four bytes or two of 16 bits.</param>
/// <param name="isSigned">Whether bytes become signed ones, less <see cref="ByteSums128.Zero"/>.</param>
internal abstract unsafe class Int8Planes(Conv2dShape shape, byte padding, int perElement, bool isSigned)
{
    private const int Half = Layout.Block / 2;

    /// <summary>The convolution that reads them.</summary>
    protected Conv2dShape Shape => shape;

    /// <summary>Rows of the padded map that some kernel reads, and those between them.</summary>
    protected int Rows { get; } = (shape.OutHeight - 1) * shape.Stride + shape.KernelHeight;

    /// <summary>Elements of a pixel.</summary>
    protected int Elements { get; } = Layout.Block / perElement;

    /// <summary>Bytes of a place.</summary>
    protected int PlaceBytes => sizeof(int) / perElement;

    /// <summary>The padding, in all places.</summary>
    protected Vector128<byte> Padding => Vector128.Create(padding);

    /// <summary>Number of planes.</summary>
    public abstract int Planes { get; }

    /// <summary>Pixels of a plane.</summary>
    public abstract int Pixels { get; }

    /// <summary>Elements of a row of a plane.</summary>
    public abstract int RowPitch { get; }

    /// <summary>Elements from one plane to the next: room for an even number of pixels, at least.</summary>
    public abstract int PlanePitch { get; }

    /// <summary>Elements from sixteen places of a position to the next sixteen.</summary>
    public virtual int GroupPitch => PlanePitch;

    /// <summary>Bytes from what a pixel of the output reads to what the next one reads: <see cref="IPixelPitch"/>.</summary>
    public virtual int OutputBytes => Elements * sizeof(int);

    /// <summary>Positions of the kernel. Each reads some places of a pixel of all planes.</summary>
    public abstract int Positions { get; }

    /// <summary>The planes of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="shape">Its sizes; of a 1×1 layer all pixels may be one row.</param>
    /// <param name="perElement">Places of an element: four bytes or two of 16 bits.</param>
    /// <param name="isSigned">Whether bytes become signed ones.</param>
    public static Int8Planes Create(Int8Layer layer, Conv2dShape shape, int perElement, bool isSigned) =>
        RowPlanes.AreBetter(layer, perElement)
            ? new RowPlanes(shape, layer.Padding, perElement, isSigned)
            : new ChannelPlanes(shape, layer.Padding, perElement, isSigned);

    /// <summary>Where the first output pixel finds the input of a position.</summary>
    public abstract int OffsetOf(int position);

    /// <summary>The position that reads a weight's input, and its place: 16·plane and the place in the pixel.</summary>
    public abstract (int Position, int Place) PlaceOf(int tap);

    /// <summary>The inverse of <see cref="PlaceOf"/>.</summary>
    public abstract int TapOf(int position, int place);

    /// <summary>Packs one image [C/16, H, W, 16].</summary>
    public void Pack(byte* x, int* planes)
    {
        for (var plane = 0; plane < Planes; plane++)
        {
            var from = x + (long)plane * shape.Height * shape.Width * Layout.Block;
            var to = planes + (long)plane * PlanePitch;
            if (isSigned) PackPlane<PackedSigned>(from, to);
            else if (perElement == ByteSums256.Channels) PackPlane<PackedBytes>(from, to);
            else if (shape.Channels - plane * Layout.Block <= Half) PackPlane<PackedHalf>(from, to);
            else PackPlane<PackedShorts>(from, to);
        }
    }

    /// <summary>Packs a block of channels.</summary>
    protected abstract void PackPlane<TPixel>(byte* x, int* plane) where TPixel : IPackedPixel;

    /// <summary>Whether some kernel reads a row of the padded map.</summary>
    protected bool IsRead(int row) => row % shape.Stride < shape.KernelHeight;

    /// <summary>A row of the padded map, or null for padding.</summary>
    protected byte* RowOf(byte* x, int row)
    {
        var inside = row - shape.Padding;
        return (uint)inside < (uint)shape.Height ? x + (long)inside * shape.Width * Layout.Block : null;
    }

    /// <summary>How a pixel of sixteen places is written.</summary>
    protected interface IPackedPixel
    {
        /// <summary>Writes a pixel.</summary>
        static abstract void Store(Vector128<byte> places, int* to);
    }

    private readonly struct PackedBytes : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> places, int* to) => places.Store((byte*)to);
    }

    private readonly struct PackedSigned : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> places, int* to) =>
            (places ^ Vector128.Create((byte)ByteSums128.Zero)).Store((byte*)to);
    }

    private readonly struct PackedShorts : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> places, int* to)
        {
            PackedHalf.Store(places, to);
            Vector128.WidenUpper(places).Store((ushort*)(to + Half / 2));
        }
    }

    /// <summary>Where there are no more than eight places.</summary>
    private readonly struct PackedHalf : IPackedPixel
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector128<byte> places, int* to) => Vector128.WidenLower(places).Store((ushort*)to);
    }
}
