using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A blocked image with its zero padding made real, so that the loop over taps has no edges. It is split into phases: row r and column c
/// of the padded image are at row r / stride and column c / stride of phase (r mod stride, c mod stride).
/// Layout [C/16][phase row][phase column][Rows][Columns][16]. Few channels would leave most of the 16 lanes empty: they are packed as
/// planes, [C][phase row][phase column][Rows][Columns].
/// </summary>
internal sealed unsafe class PackedInput
{
    /// <summary>Packed images of one chunk stay in the second-level cache beside the weights of a block: 512 KiB.</summary>
    private const int ChunkBudget = 128 * 1024;

    /// <summary>Planes are so small that those of a chunk stay in the first-level cache: 16 KiB.</summary>
    private const int PlanarChunkBudget = 4 * 1024;
    private const int Block = Layout.Block;

    /// <summary>Most channels that are packed as planes.</summary>
    public const int MostPlanes = 4;

    private readonly int _blocks;
    private readonly int _planes;
    private readonly int _height;
    private readonly int _width;
    private readonly int _top;
    private readonly int _left;
    private readonly int _stride;
    private readonly int _phaseRows;
    private readonly int _phaseColumns;
    private readonly int _rows;
    private readonly int _columns;
    private readonly bool _inPlace;

    private PackedInput(
        int blocks, int planes, int height, int width, int top, int left, int paddedHeight, int paddedWidth,
        int stride, int phaseRows, int phaseColumns)
    {
        _blocks = blocks;
        _planes = planes;
        _height = height;
        _width = width;
        _top = top;
        _left = left;
        _stride = stride;
        _phaseRows = phaseRows;
        _phaseColumns = phaseColumns;
        _rows = Layout.CeilDiv(paddedHeight, stride);
        _columns = Layout.CeilDiv(paddedWidth, stride);
        PixelPitch = planes > 0 ? 1 : Block;
        _inPlace = planes == 0 && stride == 1 && top == 0 && left == 0 && paddedHeight == height && paddedWidth == width;
    }

    /// <summary>Whether it is packed as planes.</summary>
    public bool IsPlanar => _planes > 0;

    /// <summary>Floats of one packed image.</summary>
    public int Length => checked((_planes > 0 ? _planes : _blocks) * PhaseLength * _phaseRows * _phaseColumns);

    /// <summary>Floats from one pixel of a phase to the next.</summary>
    public int PixelPitch { get; }

    /// <summary>Floats from one row of a phase to the next.</summary>
    public int RowPitch => _columns * PixelPitch;

    /// <summary>Floats of one phase of a plane, or of a block of channels.</summary>
    private int PhaseLength => checked(_rows * RowPitch);

    /// <summary>Images that are packed and then used together: whole runs of a tile across images, if any fits.</summary>
    public int ChunkImages
    {
        get
        {
            if (_inPlace) return int.MaxValue;
            var images = (_planes > 0 ? PlanarChunkBudget : ChunkBudget) / Length;
            var together = Math.Min(images, RowTiles.FewImagesTogether);
            return Math.Max(1, images - images % Math.Max(1, together));
        }
    }

    /// <summary>Floats of scratch memory for one chunk.</summary>
    public int ChunkLength => _inPlace ? 0 : checked(ChunkImages * Length);

    /// <summary>The input of a forward pass, of <see cref="MostPlanes"/> channels at most if it is packed as planes.</summary>
    public static PackedInput ForForward(Conv2dShape s, bool isPlanar) => new(
        s.ChannelBlocks,
        planes: isPlanar ? s.Channels : 0,
        s.Height,
        s.Width,
        top: s.Padding,
        left: s.Padding,
        paddedHeight: (s.OutHeight - 1) * s.Stride + s.KernelHeight,
        paddedWidth: (s.OutWidth - 1) * s.Stride + s.KernelWidth,
        s.Stride,
        phaseRows: Math.Min(s.Stride, s.KernelHeight),
        phaseColumns: Math.Min(s.Stride, s.KernelWidth));

    /// <summary>The output gradient, padded so that each input pixel finds all output pixels that it contributes to.</summary>
    public static PackedInput ForBackwardData(Conv2dShape s)
    {
        var (top, paddedHeight) = GradientExtent(s.Height, s.OutHeight, s.KernelHeight, s.Stride, s.Padding);
        var (left, paddedWidth) = GradientExtent(s.Width, s.OutWidth, s.KernelWidth, s.Stride, s.Padding);
        return new(
            s.FilterBlocks, planes: 0, s.OutHeight, s.OutWidth, top, left, paddedHeight, paddedWidth,
            stride: 1, phaseRows: 1, phaseColumns: 1);
    }

    /// <summary>
    /// Offset of channel <paramref name="channel"/> at padded row and column (<paramref name="row"/>, <paramref name="column"/>).
    /// </summary>
    public int OffsetOf(int channel, int row, int column)
    {
        var (plane, lane) = _planes > 0 ? (channel, 0) : (channel / Block, channel % Block);
        var phase = (plane * _phaseRows + row % _stride) * _phaseColumns + column % _stride;
        return ((phase * _rows + row / _stride) * _columns + column / _stride) * PixelPitch + lane;
    }

    /// <summary>Offset of channel <paramref name="channel"/> at unpadded row and column, which may lie in the padding.</summary>
    public int OffsetOfUnpadded(int channel, int row, int column) => OffsetOf(channel, row + _top, column + _left);

    /// <summary>
    /// Packs <paramref name="images"/> images into <paramref name="scratch"/>, or returns <paramref name="x"/> where nothing needs to move.
    /// </summary>
    public float* Pack<T>(int images, float* x, float* scratch) where T : unmanaged, ILanes<T>
    {
        if (_inPlace) return x;
        if (_planes > 0) return PackPlanes(images, x, new(Pixel: Block, Channel: 1, Image: _height * _width * Block), scratch);

        for (var plane = 0; plane < images * _blocks; plane++)
        {
            for (var phase = 0; phase < _phaseRows * _phaseColumns; phase++)
            {
                PackPhase<T>(
                    x + (long)plane * _height * _width * Block,
                    scratch + ((long)plane * _phaseRows * _phaseColumns + phase) * _rows * _columns * Block,
                    phase / _phaseColumns - _top,
                    phase % _phaseColumns - _left);
            }
        }

        return scratch;
    }

    /// <summary>Packs plain images [N, C, H, W] into planes in <paramref name="scratch"/>.</summary>
    public float* PackPlain(int images, float* x, float* scratch)
    {
        var pixels = _height * _width;
        return PackPlanes(images, x, new(Pixel: 1, Channel: pixels, Image: _planes * pixels), scratch);
    }

    private float* PackPlanes(int images, float* x, ImagePitch pitch, float* scratch)
    {
        var destination = scratch;
        for (var n = 0; n < images; n++)
        {
            for (var plane = 0; plane < _planes; plane++)
            {
                var source = x + (long)n * pitch.Image + plane * pitch.Channel;
                for (var phase = 0; phase < _phaseRows * _phaseColumns; phase++, destination += PhaseLength)
                    PackPlane(source, pitch.Pixel, destination, phase / _phaseColumns - _top, phase % _phaseColumns - _left);
            }
        }

        return scratch;
    }

    /// <summary>One channel of an image whose pixels are <paramref name="pitch"/> floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackPlane(float* channel, nint pitch, float* destination, int firstRow, int firstColumn)
    {
        var (begin, end) = InsideColumns(firstColumn);
        for (var r = 0; r < _rows; r++, destination += _columns)
        {
            var row = firstRow + r * _stride;
            if ((uint)row >= (uint)_height)
            {
                new Span<float>(destination, _columns).Clear();
                continue;
            }

            new Span<float>(destination, begin).Clear();
            var step = _stride * pitch;
            var source = channel + ((nint)row * _width + firstColumn + begin * _stride) * pitch;
            if (step == 1) new ReadOnlySpan<float>(source, end - begin).CopyTo(new(destination + begin, end - begin));
            else for (var c = begin; c < end; c++, source += step) destination[c] = *source;
            new Span<float>(destination + end, _columns - end).Clear();
        }
    }

    /// <summary>Columns [begin, end) of a phase that lie inside the image.</summary>
    private (int Begin, int End) InsideColumns(int firstColumn)
    {
        var begin = Math.Clamp((_stride - 1 - firstColumn) / _stride, 0, _columns);
        return (begin, Math.Clamp((_width - firstColumn + _stride - 1) / _stride, begin, _columns));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackPhase<T>(float* plane, float* destination, int firstRow, int firstColumn) where T : unmanaged, ILanes<T>
    {
        var (begin, end) = InsideColumns(firstColumn);
        for (var r = 0; r < _rows; r++, destination += RowPitch)
        {
            var row = firstRow + r * _stride;
            if ((uint)row >= (uint)_height)
            {
                new Span<float>(destination, RowPitch).Clear();
                continue;
            }

            new Span<float>(destination, begin * Block).Clear();
            var source = plane + ((long)row * _width + firstColumn + begin * _stride) * Block;
            if (_stride == 1)
                Buffer.MemoryCopy(
                    source, destination + begin * Block,
                    (long)(end - begin) * Block * sizeof(float), (long)(end - begin) * Block * sizeof(float));
            else for (var c = begin; c < end; c++, source += _stride * Block) T.Store(destination + c * Block, T.Load(source));
            new Span<float>(destination + end * Block, (_columns - end) * Block).Clear();
        }
    }

    /// <summary>Floats from one pixel, channel and image to the next.</summary>
    private readonly record struct ImagePitch(int Pixel, int Channel, int Image);

    /// <summary>Padding before the output gradient and its padded extent, over all phases of the stride.</summary>
    private static (int Before, int Padded) GradientExtent(int extent, int outExtent, int kernel, int stride, int padding)
    {
        int lowest = 0, highest = outExtent - 1;
        for (var phase = 0; phase < Math.Min(stride, extent); phase++)
        {
            var firstTap = (phase + padding) % stride;
            if (firstTap >= kernel) continue;
            var lastTap = firstTap + (kernel - 1 - firstTap) / stride * stride;
            var lastRow = phase + (extent - 1 - phase) / stride * stride;
            lowest = Math.Min(lowest, (phase + padding - lastTap) / stride);
            highest = Math.Max(highest, (lastRow + padding - firstTap) / stride);
        }

        return (-lowest, highest - lowest + 1);
    }
}
