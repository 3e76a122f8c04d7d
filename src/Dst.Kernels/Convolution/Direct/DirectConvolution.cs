using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// One 2-D convolution layer on blocked activations [N, C/16, H, W, 16], with all of its taps or with the kept ones of a mask.
/// An instance is a plan: it holds offsets, no activations and no weights, and may be used by many threads at once.
/// </summary>
/// <remarks>
/// <para>The forward pass packs its input with padding. It splits it into stride² phases, so that neighbouring output pixels always read
/// neighbouring scalars, and into planes if there are few channels. Then each tap costs one vector load of 16 filters' weights, and one
/// multiply-add an output pixel.</para>
/// <para>The backward-data pass is the same loop over the packed output gradient, with its own packed weights, once for each phase of the
/// stride.</para>
/// <para>Where 16 filters share their kept taps (UHP with block 16), the forward and backward-weight passes have shorter lists. If they
/// keep whole kernels, the backward-data pass gathers the channels that each block of filters keeps. With narrower blocks the forward pass
/// is <see cref="NarrowBlockConvolution"/>; the backward passes use all taps that any of 16 filters keeps.</para>
/// <para>On the scalar tier the reference runs. "Packed" weights then are the plain [O, C/Groups, Kh, Kw]; their gradient has room for
/// whole blocks.</para>
/// </remarks>
public sealed unsafe partial class DirectConvolution
{
    private readonly SimdTier _tier;
    private readonly KeptTaps? _kept;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">The taps that it reads, or null for all; weights at other positions must be zero.</param>
    /// <exception cref="ArgumentException">The shape is not legal or the taps do not fit it.</exception>
    public DirectConvolution(SimdTier tier, Conv2dShape shape, KeptTaps? kept = null) : this(tier, shape, kept, null)
    {
    }

    private DirectConvolution(SimdTier tier, Conv2dShape shape, KeptTaps? kept, int[][]? forwardTaps)
    {
        _tier = tier;
        shape.Validate();
        kept?.Validate(shape);
        Shape = shape;
        _kept = kept;
        var isNarrow = kept is { Block: < Layout.Block };
        _input = PackedInput.ForForward(shape, isPlanar: !isNarrow && shape.Channels <= PackedInput.MostPlanes);
        _forwardTaps = forwardTaps ?? ForwardTaps(kept);
        _forward = PlanForward();
        _narrowForward = isNarrow && _tier != SimdTier.Scalar
            ? new NarrowBlockConvolution(tier, shape, kept!, _input)
            : null;
        _outputGradient = PackedInput.ForBackwardData(shape);
        _backwardData = new(PlanBackwardData);
        _backwardDataLength = new(() => _backwardData.Value.Sum(phase => phase.WeightLength));
        _backwardWeight = new(PlanBackwardWeight);
        WeightLength = _tier == SimdTier.Scalar
            ? Shape.WeightCount
            : _narrowForward?.WeightLength ?? checked(_forwardTaps.Sum(taps => taps.Length) * Layout.Block);
    }

    /// <summary>Sizes of the layer.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Whether inputs may be plain: with vectors, those of few channels.</summary>
    public bool ReadsPlain => _tier != SimdTier.Scalar && _input.IsPlanar;

    /// <summary>Floats of the packed weights of the forward pass.</summary>
    public int WeightLength { get; }

    /// <summary>Floats of the packed weights of the backward-data pass.</summary>
    public int BackwardDataWeightLength => _tier == SimdTier.Scalar ? Shape.WeightCount : _backwardDataLength.Value;

    /// <summary>Floats of the packed weight gradient.</summary>
    public int WeightGradientLength =>
        checked(Layout.Block * (_tier == SimdTier.Scalar ? Shape.FilterBlocks * Shape.RowLength : _backwardWeight.Value.Offsets.Length));

    /// <summary>Floats of scratch memory that any pass needs for one part of a batch.</summary>
    public int ScratchLength => Math.Max(Math.Max(_input.ChunkLength, _outputGradient.ChunkLength), _narrowForward?.ScratchLength ?? 0);

    /// <summary>
    /// The same convolution of some blocks of 16 filters. Its packed weights are a part of this one's, block by block.
    /// </summary>
    /// <param name="firstBlock">First block.</param>
    /// <param name="endBlock">One past the last.</param>
    /// <exception cref="InvalidOperationException">The convolution has groups.</exception>
    public DirectConvolution Slice(int firstBlock, int endBlock)
    {
        if (Shape.Groups > 1) throw new InvalidOperationException($"{Shape} has groups and cannot be cut by filters");
        var first = firstBlock * Layout.Block;
        var filters = Math.Min(Shape.Filters, endBlock * Layout.Block) - first;
        var kept = _kept is null
            ? null
            : _kept with { Positions = [.. _kept.Positions.Skip(first / _kept.Block).Take(Layout.CeilDiv(filters, _kept.Block))] };
        return new(_tier, Shape with { Filters = filters }, kept, _forwardTaps[firstBlock..endBlock]);
    }

    /// <summary>y = conv(x) + bias.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input [N, C/16, H, W, 16].</param>
    /// <param name="weights">Packed by <see cref="PackWeights"/>.</param>
    /// <param name="bias">[FilterBlocks · 16], zero beyond the filters.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="isPlain">Whether the input is [N, C, H, W].</param>
    /// <exception cref="InvalidOperationException">The input is plain and <see cref="ReadsPlain"/> is false.</exception>
    public void Forward(int images, float* x, float* weights, float* bias, float* y, float* scratch, bool isPlain = false) =>
        Forward(images, x, weights, new Epilogue(bias, null, Bounds.None), y, scratch, isPlain);

    /// <summary>y = conv(x) and what follows it.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input [N, C/16, H, W, 16].</param>
    /// <param name="weights">Packed by <see cref="PackWeights"/>, or these rounded.</param>
    /// <param name="epilogue">With a bias.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="isPlain">Whether the input is [N, C, H, W].</param>
    /// <exception cref="InvalidOperationException">
    /// Weights are rounded and <see cref="RoundsWeights"/> is false, or the input is plain and <see cref="ReadsPlain"/> is.
    /// </exception>
    public void Forward(int images, float* x, DirectWeights weights, Epilogue epilogue, float* y, float* scratch, bool isPlain = false)
    {
        CheckPlain(isPlain);
        CheckRounding(weights);
        KernelRunner.Run(_tier, new ForwardKernel(this, images, x, isPlain, weights, epilogue, y, scratch));
    }

    /// <summary>Packs canonical weights [O, C/Groups, Kh, Kw] into <see cref="WeightLength"/> floats, [O/16][taps][16].</summary>
    public void PackWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        Check.Length(weights, Shape.WeightCount);
        Check.Length<float>(packed, WeightLength);
        if (_tier == SimdTier.Scalar) weights.CopyTo(packed);
        else if (_narrowForward is not null) _narrowForward.PackWeights(weights, packed);
        else PackRows(weights, packed, _forwardTaps);
    }

    /// <summary>Whether weights may be rounded: with vectors, where 16 filters share their kept taps.</summary>
    public bool RoundsWeights => _tier != SimdTier.Scalar && _narrowForward is null;

    /// <summary>
    /// Rounds packed weights to integers of 16 bits, with a scale for each filter: the largest weight of a filter is ±32,767.
    /// </summary>
    /// <param name="packed">Of <see cref="PackWeights"/>.</param>
    /// <param name="rounded"><see cref="WeightLength"/> integers.</param>
    /// <param name="scales">[FilterBlocks · 16].</param>
    /// <exception cref="InvalidOperationException"><see cref="RoundsWeights"/> is false.</exception>
    public void RoundWeights(ReadOnlySpan<float> packed, Span<short> rounded, Span<float> scales)
    {
        if (!RoundsWeights) throw new InvalidOperationException($"{Shape} does not round weights");
        Check.Length(packed, WeightLength);
        for (var b = 0; b < _forwardTaps.Length; b++)
        {
            var length = _forwardTaps[b].Length * Layout.Block;
            for (var lane = 0; lane < Layout.Block; lane++)
            {
                var largest = 0f;
                for (var i = lane; i < length; i += Layout.Block) largest = Math.Max(largest, Math.Abs(packed[i]));
                var scale = scales[b * Layout.Block + lane] = RoundedWeights.ScaleOf(largest);
                for (var i = lane; i < length; i += Layout.Block) rounded[i] = RoundedWeights.Round(packed[i], scale);
            }

            packed = packed[length..];
            rounded = rounded[length..];
        }
    }

    private void CheckRounding(DirectWeights weights)
    {
        if (weights.Integers != null && !RoundsWeights) throw new InvalidOperationException($"{Shape} does not round weights");
    }

    private void Forward<T>(int images, float* x, bool isPlain, DirectWeights weights, Epilogue epilogue, float* y, float* scratch)
        where T : unmanaged, ILanes<T>
    {
        if (_narrowForward is not null)
        {
            _narrowForward.Forward<T>(images, x, weights.Floats, epilogue.Bias, y, scratch);
            epilogue.WithoutBias.Apply(_tier, y, images, Shape.FilterBlocks, Shape.OutHeight * Shape.OutWidth);
            return;
        }

        for (var first = 0; first < images; first += _input.ChunkImages)
        {
            var count = Math.Min(_input.ChunkImages, images - first);
            var source = Pack<T>(first, count, x, isPlain, scratch);
            var offset = (long)first * Shape.OutputLength;
            var (bias, following) = (new InitialValues(epilogue.Bias, Layout.Block, weights.Scales), epilogue.From(0, offset));
            if (weights.Integers == null) Run<T, float>(_forward, count, source, weights.Floats, bias, following, y + offset);
            else Run<T, short>(_forward, count, source, weights.Integers, bias, following, y + offset);
        }
    }

    /// <summary>Packs images of a run.</summary>
    private float* Pack<T>(int first, int images, float* x, bool isPlain, float* scratch) where T : unmanaged, ILanes<T> => isPlain
        ? _input.PackPlain(images, x + (long)first * Shape.PlainInputLength, scratch)
        : _input.Pack<T>(images, x + (long)first * Shape.InputLength, scratch);

    private void PackRows(ReadOnlySpan<float> weights, Span<float> packed, int[][] blockTaps)
    {
        var (filters, rowLength) = (Shape.Filters, Shape.RowLength);
        Span<int> firstTaps = stackalloc int[Layout.Block];
        packed.Clear();
        for (var b = 0; b < blockTaps.Length; b++)
        {
            var lanes = Layout.UsedLanes(filters, b);
            var rows = weights.Slice(b * Layout.Block * rowLength, lanes * rowLength);
            FirstTapsOf(b, firstTaps);
            foreach (var tap in blockTaps[b])
            {
                for (var lane = 0; lane < lanes; lane++)
                {
                    var position = tap - firstTaps[lane];
                    if ((uint)position < (uint)rowLength) packed[lane] = rows[lane * rowLength + position];
                }

                packed = packed[Layout.Block..];
            }
        }
    }

    /// <summary>The first tap of the group of each filter of a block, as an index in the ungrouped row.</summary>
    private void FirstTapsOf(int block, Span<int> firstTaps)
    {
        for (var lane = 0; lane < firstTaps.Length; lane++)
            firstTaps[lane] = (block * Layout.Block + lane) / (Shape.Filters / Shape.Groups) * Shape.RowLength;
    }

    private void CheckPlain(bool isPlain)
    {
        if (isPlain && !ReadsPlain) throw new InvalidOperationException($"{Shape} does not read plain images");
    }

    private readonly struct ForwardKernel(
        DirectConvolution conv, int images, float* x, bool isPlain, DirectWeights weights, Epilogue epilogue, float* y, float* scratch)
        : IKernel
    {
        public void Reference()
        {
            ForwardReference(conv.Shape, images, x, weights.Floats, epilogue.Bias, y);
            epilogue.WithoutBias.Apply(SimdTier.Scalar, y, images, conv.Shape.FilterBlocks, conv.Shape.OutHeight * conv.Shape.OutWidth);
        }

        public void Run<T>() where T : unmanaged, ILanes<T> =>
            conv.Forward<T>(images, x, isPlain, weights, epilogue, y, scratch);
    }
}
