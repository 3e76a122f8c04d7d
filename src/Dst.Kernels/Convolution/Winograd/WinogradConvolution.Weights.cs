using System.Numerics;
using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Weights to the transform domain, and their gradient back.</content>
public sealed unsafe partial class WinogradConvolution
{
    /// <summary>
    /// Units that are transformed together: their tiles stay in the first cache, and at each position they are neighbours in memory.
    /// </summary>
    private const int UnitsTogether = 4;

    /// <summary>U = G g Gᵀ of one block of 16 filters, for <see cref="Multiply"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="u"><see cref="WeightLength"/> floats.</param>
    public void PackWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        Check.Length(weights, Shape.WeightCount);
        fixed (float* w = weights) RunFilter(new PackKernel(this, block, w, u));
    }

    /// <summary>
    /// Rounds U to integers of 16 bits, with a scale for each filter at each position: u ≈ integer · scale, the largest of a filter's
    /// weights at a position is ±32,767. The products of large layers then read half of the bytes.
    /// </summary>
    /// <param name="u">Of <see cref="PackWeights"/>.</param>
    /// <param name="rounded"><see cref="WeightLength"/> integers.</param>
    /// <param name="scales"><see cref="ScalesLength"/> floats.</param>
    public void RoundWeights(float* u, short* rounded, float* scales)
    {
        for (var p = 0; p < Positions; p++)
        {
            var (kept, first) = (_unitsAt[p].Kept, _firstWeight[p] * Layout.Block);
            for (var b = 0; b < kept.Blocks; b++, scales += Layout.Block)
            {
                var places = _unitsAt[p].Places.AsSpan(kept.First(b)..kept.First(b + 1));
                for (var lane = 0; lane < Layout.Block; lane++)
                    scales[lane] = RoundFilter(places, u + first + lane, rounded + first + lane);
            }
        }
    }

    /// <summary>A block of U for <see cref="MultiplyTransposed"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Below <see cref="BackwardDataBlocks"/>.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="u"><see cref="BackwardDataWeightLength"/> floats.</param>
    public void PackBackwardDataWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        Check.Length(weights, Shape.WeightCount);
        fixed (float* w = weights) RunFilter(new PackBackwardDataKernel(this, block, w, u));
    }

    /// <summary>
    /// dg = Gᵀ dU G of one block of 16 filters, written to its place in the canonical gradient; taps that are not kept become zero.
    /// </summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="du"><see cref="WeightGradientLength"/> floats.</param>
    /// <param name="gradient">[O, C, Kh, Kw].</param>
    public void UnpackWeightGradient(int block, float* du, Span<float> gradient) =>
        UnpackWeightGradient(block, new WinogradSums(du, 0, 1), gradient);

    /// <summary>
    /// As above, for a sum of several dU. Each is transformed back on its own, and then they are added up a binary tree: so ranks may add
    /// the results, which are smaller, and not the dU.
    /// </summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="du">A power of two of them.</param>
    /// <param name="gradient">[O, C, Kh, Kw].</param>
    public void UnpackWeightGradient(int block, WinogradSums du, Span<float> gradient)
    {
        Check.Length<float>(gradient, Shape.WeightCount);
        gradient.Slice(block * Layout.Block * _rowLength, FiltersOf(block) * _rowLength).Clear();
        fixed (float* g = gradient) RunFilter(new UnpackKernel(this, block, du, g));
    }

    /// <summary>Floats [first, first + length) of the gradient of U that belong to a position.</summary>
    public (long First, int Length) WeightGradientRange(int position) =>
        (_firstGradient[position] * Layout.Block, _unitsAt[position].GradientOffsets.Length * Layout.Block);

    /// <summary>Rounds the weights of a filter; returns their scale.</summary>
    private static float RoundFilter(ReadOnlySpan<int> places, float* weights, short* rounded)
    {
        var largest = 0f;
        foreach (var place in places) largest = Math.Max(largest, Math.Abs(weights[(nint)place * Layout.Block]));
        var scale = RoundedWeights.ScaleOf(largest);
        foreach (var place in places)
        {
            var i = (nint)place * Layout.Block;
            rounded[i] = RoundedWeights.Round(weights[i], scale);
        }

        return scale;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack<T, TTransform>(int block, float* weights, float* u)
        where T : unmanaged, ILanes<T> where TTransform : IWinogradTransform<T>
    {
        var filters = stackalloc int[Layout.Block];
        for (var lane = 0; lane < Layout.Block; lane++) filters[lane] = lane * _rowLength;
        var lanes = new ReadOnlySpan<int>(filters, FiltersOf(block));
        var units = stackalloc float*[UnitsTogether];
        var vectors = stackalloc float[UnitsTogether * Positions * Layout.Block];
        for (var first = _kept.First(block); first < _kept.First(block + 1); first += UnitsTogether)
        {
            var count = Math.Min(UnitsTogether, _kept.First(block + 1) - first);
            for (var i = 0; i < count; i++) units[i] = weights + FirstTap(block, first + i);
            TransformUnits<T, TTransform>(units, count, lanes, vectors);
            for (var p = 0; p < Positions; p++)
            {
                var ofPosition = _unitsAt[p];
                float* source = vectors + p * UnitsTogether * Layout.Block, destination = u + _firstWeight[p] * Layout.Block;
                for (var i = 0; i < count; i++, source += Layout.Block)
                {
                    var index = ofPosition.Index[first + i];
                    if (index >= 0) T.Store(destination + ofPosition.Places[index] * Layout.Block, T.Load(source));
                }
            }
        }
    }

    private void PackBackwardData<T, TTransform>(int block, float* weights, float* u)
        where T : unmanaged, ILanes<T> where TTransform : IWinogradTransform<T>
    {
        if (_channelPairs is not null)
        {
            u += (nint)block * Shape.Filters * Layout.Block;
            for (var b = 0; b < Shape.FilterBlocks; b++, weights += Layout.Block * _rowLength, u += Layout.Block * Layout.Block)
            {
                if (_channelPairs.PairsFilters(block)) PackPairs<T, TTransform>(_channelPairs.Channels(block, b), FiltersOf(b), weights, u);
                else PackUnit<T, TTransform>(_channelPairs.Channels(block, b), FiltersOf(b), weights, u);
            }

            return;
        }

        var channels = stackalloc int[Layout.Block];
        for (var lane = 0; lane < Layout.Block; lane++) channels[lane] = block * Layout.Block + lane;
        var count = Layout.UsedLanes(Shape.Channels, block);
        for (var unit = 0; unit < _unitsOfKernel; unit++)
            PackUnit<T, TTransform>(
                new(channels, count), Shape.Filters, weights + unit * _unitLength,
                u + (nint)(block * _unitsOfKernel + unit) * Shape.Filters * Layout.Block);
    }

    /// <summary>A unit of some filters for up to 16 channels, one in each lane: [filters][16] at each position.</summary>
    private void PackUnit<T, TTransform>(ReadOnlySpan<int> channels, int filters, float* weights, float* u)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        Span<int> lanes = stackalloc int[channels.Length];
        for (var i = 0; i < channels.Length; i++) lanes[i] = OffsetOfChannel(channels[i]);
        PackRows<T, TTransform>(lanes, filters, _rowLength, weights, u);
    }

    /// <summary>A unit of some filters for up to eight channels, two filters in a row as <see cref="EightPairedSums"/> has them.</summary>
    private void PackPairs<T, TTransform>(ReadOnlySpan<int> channels, int filters, float* weights, float* u)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        Span<int> lanes = stackalloc int[2 * channels.Length];
        for (var i = 0; i < lanes.Length; i++) lanes[i] = OffsetOfChannel(channels[i / 2]) + i % 2 * _rowLength;
        PackRows<T, TTransform>(lanes, filters / 2, 2 * _rowLength, weights, u);
        if (filters % 2 == 0) return;

        // The gradient of the filter that is missing is zero, so its weights may be any.
        for (var i = 0; i < lanes.Length; i++) lanes[i] = OffsetOfChannel(channels[i / 2]);
        PackRows<T, TTransform>(lanes, 1, 0, weights + (filters - 1) * _rowLength, u + filters / 2 * Layout.Block);
    }

    private int OffsetOfChannel(int channel) => channel * _unitsOfKernel * _unitLength;

    /// <summary>Units in up to 16 lanes: [rows][16] at each position.</summary>
    /// <param name="lanes">Where the unit of each lane begins, counted from that of its row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="pitch">Floats from row to row.</param>
    /// <param name="weights">The first row.</param>
    /// <param name="u">The first row's place at the first position.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackRows<T, TTransform>(ReadOnlySpan<int> lanes, int rows, nint pitch, float* weights, float* u)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        var units = stackalloc float*[UnitsTogether];
        var vectors = stackalloc float[UnitsTogether * Positions * Layout.Block];
        for (var row = 0; row < rows; row += UnitsTogether)
        {
            var count = Math.Min(UnitsTogether, rows - row);
            for (var i = 0; i < count; i++) units[i] = weights + (row + i) * pitch;
            TransformUnits<T, TTransform>(units, count, lanes, vectors);
            for (var p = 0; p < Positions; p++)
            {
                var source = vectors + p * UnitsTogether * Layout.Block;
                var destination = u + ((nint)p * _transposedTaps + row) * Layout.Block;
                for (var i = 0; i < count * Layout.Block; i += Layout.Block) T.Store(destination + i, T.Load(source + i));
            }
        }
    }

    /// <summary>G g Gᵀ, or G g in one dimension, of some units in up to 16 lanes each.</summary>
    /// <param name="units">A base for each unit, <see cref="UnitsTogether"/> at most.</param>
    /// <param name="count">Number of units.</param>
    /// <param name="lanes">Where the unit of each lane begins, counted from the base.</param>
    /// <param name="vectors">[positions][<see cref="UnitsTogether"/>][16].</param>
    [SkipLocalsInit]
    private void TransformUnits<T, TTransform>(float** units, int count, ReadOnlySpan<int> lanes, float* vectors)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        // All transposes first: a vector cannot be loaded at once from the smaller stores of a transpose just before.
        var length = _unitLength * Layout.Block;
        var taps = stackalloc float[UnitsTogether * length];
        if (lanes.Length < Layout.Block) new Span<float>(taps, UnitsTogether * length).Clear();
        for (var i = 0; i < count; i++) Transpose.Rows(units[i], lanes, _unitLength, taps + i * length);
        nint positionPitch = UnitsTogether * Layout.Block;
        for (var i = 0; i < count; i++, taps += length, vectors += Layout.Block)
        {
            if (Form.IsOneDimensional) TTransform.Apply(taps, Layout.Block, vectors, positionPitch);
            else
                SquareTransform.Apply<T, TTransform>(
                    new(taps, TTransform.In * Layout.Block, Layout.Block), new(vectors, TTransform.Out * positionPitch, positionPitch));
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Unpack<T, TTransform>(int block, WinogradSums du, float* gradient)
        where T : unmanaged, ILanes<T> where TTransform : IWinogradTransform<T>
    {
        var length = _unitLength * Layout.Block;
        var places = stackalloc long[UnitsTogether * Positions];
        var vectors = stackalloc float[UnitsTogether * Positions * Layout.Block];
        var sums = stackalloc float[(BitOperations.Log2((uint)du.Count) + 1) * UnitsTogether * length];
        for (var first = _kept.First(block); first < _kept.First(block + 1); first += UnitsTogether)
        {
            var units = Math.Min(UnitsTogether, _kept.First(block + 1) - first);
            for (var p = 0; p < Positions; p++) PlacesOfGradients(p, block, first, units, places + p * units);
            for (var part = 0; part < du.Count; part++)
            {
                // A sum waits at its level until that of its neighbour comes.
                var level = BitOperations.PopCount((uint)part);
                TransformBack<T, TTransform>(du.First + part * du.Pitch, places, units, vectors, sums + level * UnitsTogether * length);
                for (var joined = part; (joined & 1) != 0; joined >>= 1, level--)
                    AddTo<T>(sums + (level - 1) * UnitsTogether * length, sums + level * UnitsTogether * length, units * length);
            }

            for (var unit = 0; unit < units; unit++)
                WriteKept(sums + unit * length, _kept.Taps[first + unit], FiltersOf(block), gradient + FirstTap(block, first + unit));
        }
    }

    /// <summary>
    /// Where some kept units of a block are in the gradient of U at a position, or −1: a position without a unit is a zero of G in all of
    /// its kept taps.
    /// </summary>
    private void PlacesOfGradients(int position, int block, int firstUnit, int count, long* places)
    {
        var units = _unitsAt[position];
        var first = _firstGradient[position] + units.GradientFirst[block] - units.Kept.First(block);
        for (var i = 0; i < count; i++)
        {
            var index = units.Index[firstUnit + i];
            places[i] = index < 0 ? -1 : (first + index) * Layout.Block;
        }
    }

    /// <summary>Gᵀ dU G of some units of 16 filters, one in each lane. Units that are neighbours in memory are read together.</summary>
    private void TransformBack<T, TTransform>(float* du, long* places, int units, float* vectors, float* lanes)
        where T : unmanaged, ILanes<T> where TTransform : IWinogradTransform<T>
    {
        for (var i = 0; i < units * Positions; i++)
            T.Store(vectors + i * Layout.Block, places[i] >= 0 ? T.Load(du + places[i]) : T.Zero);
        var position = units * Layout.Block;
        for (var unit = 0; unit < units; unit++, vectors += Layout.Block, lanes += _unitLength * Layout.Block)
        {
            if (Form.IsOneDimensional) TTransform.Apply(vectors, position, lanes, Layout.Block);
            else
                SquareTransform.Apply<T, TTransform>(
                    new(vectors, _points * position, position), new(lanes, TTransform.Out * Layout.Block, Layout.Block));
        }
    }

    private static void AddTo<T>(float* sum, float* added, int length) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < length; i += Layout.Block) T.Store(sum + i, T.Add(T.Load(sum + i), T.Load(added + i)));
    }

    /// <summary>Writes the kept taps of a unit of some filters, one in each lane.</summary>
    private void WriteKept(float* lanes, ulong taps, int filters, float* gradient)
    {
        nint pitch = _rowLength;
        for (var tap = 0; tap < _unitLength; tap++)
        {
            if ((taps >> tap & 1) == 0) continue;
            for (var lane = 0; lane < filters; lane++) gradient[lane * pitch + tap] = lanes[tap * Layout.Block + lane];
        }
    }

    /// <summary>Where a kept unit begins in the weights of the first filter of a block.</summary>
    private long FirstTap(int block, int unit) => (long)block * Layout.Block * _rowLength + _kept.Units[unit] * _unitLength;

    private readonly struct PackKernel(WinogradConvolution conv, int block, float* weights, float* u) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.Pack<T, EvaluateTransform<T, TPoints, KernelSide<TFilter>>>(block, weights, u);
    }

    private readonly struct PackBackwardDataKernel(WinogradConvolution conv, int block, float* weights, float* u) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.PackBackwardData<T, EvaluateTransform<T, TPoints, KernelSide<TFilter>>>(block, weights, u);
    }

    private readonly struct UnpackKernel(WinogradConvolution conv, int block, WinogradSums du, float* gradient) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.Unpack<T, EvaluateTransposedTransform<T, TPoints, KernelSide<TFilter>>>(block, du, gradient);
    }
}

/// <summary>Gradients of transformed weights, one behind another.</summary>
/// <param name="first">The first.</param>
/// <param name="pitch">Floats from one to the next.</param>
/// <param name="count">A power of two.</param>
public readonly unsafe struct WinogradSums(float* first, nint pitch, int count)
{
    /// <summary>The first.</summary>
    public float* First => first;

    /// <summary>Floats from one to the next.</summary>
    public nint Pitch => pitch;

    /// <summary>Number of gradients, a power of two.</summary>
    public int Count => count;
}
