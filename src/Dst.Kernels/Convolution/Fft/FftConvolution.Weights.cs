using System.Runtime.InteropServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Weights to spectra, and their gradient back.</content>
public sealed unsafe partial class FftConvolution
{
    /// <summary>U = s·F̄w of one block of 16 filters, for <see cref="Multiply"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="u"><see cref="WeightLength"/> floats.</param>
    public void PackWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        CheckWeights(weights.Length);
        fixed (float* w = weights) KernelRunner.RunOnVectors(_tier, new PackKernel(this, block, w, u));
    }

    /// <summary>A block of s·Fw for <see cref="MultiplyTransposed"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Below <see cref="BackwardDataBlocks"/>.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="u"><see cref="BackwardDataWeightLength"/> floats.</param>
    public void PackBackwardDataWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        CheckWeights(weights.Length);
        fixed (float* w = weights) KernelRunner.RunOnVectors(_tier, new PackBackwardDataKernel(this, block, w, u));
    }

    /// <summary>
    /// dw = Fᵀ(s·conjugate of dU) of one block of 16 filters, written to its place in the canonical gradient; taps that are not kept become
    /// zero.
    /// </summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="du">Of <see cref="MultiplyForWeightGradient"/>.</param>
    /// <param name="gradient">[O, C, Kh, Kw].</param>
    public void UnpackWeightGradient(int block, float* du, Span<float> gradient)
    {
        CheckWeights(gradient.Length);
        gradient.Slice(block * Layout.Block * Shape.RowLength, FiltersOf(block) * Shape.RowLength).Clear();
        fixed (float* g = gradient) KernelRunner.RunOnVectors(_tier, new UnpackKernel(this, block, du, g));
    }

    private void CheckWeights(int length)
    {
        if (length != Shape.Filters * Shape.RowLength)
            throw new ArgumentException($"{length} weights; {Shape.Filters * Shape.RowLength} were expected");
    }

    private void Pack<T>(int block, float* weights, float* u) where T : unmanaged, ILanes<T>
    {
        using var room = new KernelRoom(this);
        var filters = FiltersOf(block);
        for (var i = _kept.First(block); i < _kept.First(block + 1); i++)
        {
            room.Gather(weights + FirstTap(block, i), filters, Shape.RowLength);
            room.Transform<T>(u + WeightOffset(0, i), WeightOffset(1, 0), conjugate: true);
        }
    }

    private void PackBackwardData<T>(int block, float* weights, float* u) where T : unmanaged, ILanes<T>
    {
        using var room = new KernelRoom(this);
        var channels = stackalloc int[Layout.Block];
        for (var filter = 0; filter < Shape.Filters; filter++)
        {
            var kept = _pairs is null ? AllChannels(block, new(channels, Layout.Block)) : _pairs.Channels(block, filter / Layout.Block);
            room.Clear();
            for (var lane = 0; lane < kept.Length; lane++)
                room.GatherLane(weights + (nint)filter * Shape.RowLength + kept[lane] * Area, lane);
            room.Transform<T>(
                u + ((nint)block * Shape.Filters + filter) * WeightParts, (nint)TransposedVectors * WeightParts, conjugate: false);
        }
    }

    private ReadOnlySpan<int> AllChannels(int block, Span<int> channels)
    {
        var count = Math.Min(Layout.Block, Shape.Channels - block * Layout.Block);
        for (var lane = 0; lane < count; lane++) channels[lane] = block * Layout.Block + lane;
        return channels[..count];
    }

    private void Unpack<T>(int block, float* du, float* gradient) where T : unmanaged, ILanes<T>
    {
        using var room = new KernelRoom(this);
        var filters = FiltersOf(block);
        for (var i = _kept.First(block); i < _kept.First(block + 1); i++)
        {
            room.TransformBack<T>(du + WeightOffset(0, i), WeightOffset(1, 0));
            room.Scatter(TapsOf(block, _kept.Units[i]), gradient + FirstTap(block, i), filters, Shape.RowLength);
        }
    }

    /// <summary>Where a kept kernel begins in the weights of the first filter of a block.</summary>
    private nint FirstTap(int block, int unit) => (nint)block * Layout.Block * Shape.RowLength + _kept.Units[unit] * Area;

    /// <summary>The taps that any of 16 filters keeps of a channel.</summary>
    private IEnumerable<int> TapsOf(int block, int channel) => _keptTaps is null
        ? Enumerable.Range(0, Area)
        : _keptTaps[block].Where(position => position / Area == channel).Select(position => position % Area);

    /// <summary>Memory for the kernels of sixteen channels or filters, [Kh, Kw, 16], and their spectra.</summary>
    private readonly ref struct KernelRoom
    {
        private readonly FftConvolution _conv;
        private readonly float* _taps;
        private readonly float* _spectrum;
        private readonly float* _scratch;

        public KernelRoom(FftConvolution conv)
        {
            _conv = conv;
            var taps = conv.Area * Layout.Block;
            var spectrum = conv._spectrum.Groups * TilePitch;
            _taps = (float*)NativeMemory.AlignedAlloc(
                sizeof(float) * (nuint)(taps + spectrum + conv.ScratchLength), Layout.Block * sizeof(float));
            _spectrum = _taps + taps;
            _scratch = _spectrum + spectrum;
            Clear();
        }

        private TileWindow Window => TileWindow.Of(
            _taps, _conv.Shape.KernelHeight, _conv.Shape.KernelWidth, 0, 0, _conv._spectrum.Size, _conv._spectrum.Size);

        public void Dispose() => NativeMemory.AlignedFree(_taps);

        public void Clear() => new Span<float>(_taps, _conv.Area * Layout.Block).Clear();

        /// <summary>Takes the kernels of some lanes, some floats apart; the others stay as they are.</summary>
        public void Gather(float* kernels, int lanes, nint pitch)
        {
            for (var lane = 0; lane < lanes; lane++) GatherLane(kernels + lane * pitch, lane);
        }

        /// <summary>Takes one kernel.</summary>
        public void GatherLane(float* kernel, int lane)
        {
            for (var tap = 0; tap < _conv.Area; tap++) _taps[tap * Layout.Block + lane] = kernel[tap];
        }

        /// <summary>Gives some taps of the kernels of some lanes.</summary>
        public void Scatter(IEnumerable<int> taps, float* kernels, int lanes, nint pitch)
        {
            foreach (var tap in taps)
                for (var lane = 0; lane < lanes; lane++) kernels[lane * pitch + tap] = _taps[tap * Layout.Block + lane];
        }

        /// <summary>s·F of the kernels, or its conjugate: real and imaginary parts.</summary>
        public void Transform<T>(float* spectrum, nint pitch, bool conjugate) where T : unmanaged, ILanes<T>
        {
            _conv._spectrum.Forward<T>(Window, _spectrum, TilePitch, _scratch);
            for (var f = 0; f < _conv.Frequencies; f++)
            {
                var scale = _conv._spectrum.ScaleOf(f);
                float* from = _spectrum + f * Parts, to = spectrum + f * pitch;
                T.Store(to, T.Multiply(T.Broadcast(scale), T.Load(from)));
                T.Store(to + Layout.Block, T.Multiply(T.Broadcast(conjugate ? -scale : scale), T.Load(from + Layout.Block)));
            }
        }

        /// <summary>Fᵀ of a spectrum times s.</summary>
        public void TransformBack<T>(float* spectrum, nint pitch) where T : unmanaged, ILanes<T>
        {
            for (var f = 0; f < _conv.Frequencies; f++)
            {
                var scale = T.Broadcast(_conv._spectrum.ScaleOf(f));
                float* from = spectrum + f * pitch, to = _spectrum + f * Parts;
                T.Store(to, T.Multiply(scale, T.Load(from)));
                T.Store(to + Layout.Block, T.Multiply(scale, T.Load(from + Layout.Block)));
            }

            _conv._spectrum.Transposed<T>(_spectrum, TilePitch, Window, accumulate: false, _scratch);
        }
    }

    private readonly struct PackKernel(FftConvolution conv, int block, float* weights, float* u) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Pack<T>(block, weights, u);
    }

    private readonly struct PackBackwardDataKernel(FftConvolution conv, int block, float* weights, float* u) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.PackBackwardData<T>(block, weights, u);
    }

    private readonly struct UnpackKernel(FftConvolution conv, int block, float* du, float* gradient) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Unpack<T>(block, du, gradient);
    }
}
