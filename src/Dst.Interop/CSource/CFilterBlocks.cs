using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>
/// The filters of a convolution or linear layer in blocks. Those of a block read the same inputs: its list of taps says which.
/// </summary>
internal sealed class CFilterBlocks
{
    /// <summary>Filters of a block without a mask: as many as the widest vectors have lanes.</summary>
    private const int DenseBlock = 16;

    private readonly Conv2dOp _convolution;
    private readonly int _width; // filters of a block; the last may have fewer
    private readonly List<Tap[]> _taps = []; // of each block
    private readonly bool _isShared; // whether all blocks have the same taps

    private CFilterBlocks(Conv2dOp convolution, LoweredNode node, CValue input)
    {
        _convolution = convolution;
        var groups = convolution.Groups;
        var mask = groups == 1 ? node.Mask : null;
        var (groupFilters, groupChannels) = (convolution.OutChannels / groups, input.Shape.Channels / groups);
        _width = mask?.Block ?? (groups == 1 ? DenseBlock : LargestDivisor(groupFilters));
        _isShared = mask is null && groups == 1;
        var window = TapsOfGroup(convolution, input, groupChannels).ToList();
        for (var first = 0; first < Filters; first += _width)
        {
            var group = first / groupFilters;
            var kept = window.Where(tap => mask?.Keeps(first, tap.Position) ?? true);
            _taps.Add([.. kept.Select(tap => tap with { Offset = tap.Offset + group * groupChannels })]);
        }
    }

    /// <summary>Number of filters.</summary>
    public int Filters => _convolution.OutChannels;

    /// <summary>The blocks of a layer. A linear layer is a convolution of the whole map.</summary>
    public static CFilterBlocks Of(CProgram program, LoweredNode node)
    {
        var input = program.Network[node.Inputs[0]];
        var convolution = node.Operation is LinearOp linear
            ? new Conv2dOp(linear.OutFeatures, input.Shape.Height, input.Shape.Width)
            : (Conv2dOp)node.Operation;
        return new(convolution, node, input);
    }

    /// <summary>Kept weights [block][tap][filter of the block].</summary>
    public float[] WeightsOf(float[] weights) => [.. InBlocks(weights).SelectMany(block => block).SelectMany(tap => tap)];

    /// <summary>
    /// Kept weights [block][pair of taps][pair of filters][tap][filter]. Behind an odd number of taps are zeros.
    /// </summary>
    public sbyte[] PairsOf(sbyte[] weights) => [.. InBlocks(weights).SelectMany(InPairs)];

    /// <summary>The fields of a layer's structure from its taps to its padding.</summary>
    public (string Field, string Value)[] FieldsOf(CProgram program, LoweredNode node)
    {
        var listed = _isShared ? _taps.Take(1) : _taps;
        var counts = _taps.Select(taps => taps.Length).ToArray();
        return
        [
            ("taps", program.AddTaps(node, "taps", [.. listed.SelectMany(taps => taps).Select(tap => tap.Offset)])),
            ("counts", counts.Distinct().Count() == 1 ? "NULL" : program.AddTaps(node, "counts", counts)),
            ("count", $"{counts[0]}"), ("shared", _isShared ? "1" : "0"), ("filters", $"{Filters}"), ("block", $"{_width}"),
            ("stride", $"{_convolution.Stride}"), ("padding", $"{_convolution.Padding}"),
        ];
    }

    private static int LargestDivisor(int filters) => Enumerable.Range(1, DenseBlock).Last(width => filters % width == 0);

    /// <summary>All taps of a window of the first group, in the order of memory.</summary>
    private static IEnumerable<Tap> TapsOfGroup(Conv2dOp c, CValue input, int groupChannels)
    {
        for (var ky = 0; ky < c.KernelHeight; ky++)
        {
            for (var kx = 0; kx < c.KernelWidth; kx++)
            {
                for (var channel = 0; channel < groupChannels; channel++)
                {
                    var position = (channel * c.KernelHeight + ky) * c.KernelWidth + kx;
                    yield return new(position, ky * input.Pitch + kx * input.Shape.Channels + channel);
                }
            }
        }
    }

    /// <summary>The kept weights of each block: [tap][filter of the block].</summary>
    private IEnumerable<T[][]> InBlocks<T>(T[] weights)
    {
        var row = weights.Length / Filters;
        for (var block = 0; block < _taps.Count; block++)
        {
            var filters = Enumerable.Range(block * _width, Math.Min(_width, Filters - block * _width)).ToArray();
            yield return Array.ConvertAll(_taps[block], tap => Array.ConvertAll(filters, filter => weights[filter * row + tap.Position]));
        }
    }

    private static IEnumerable<sbyte> InPairs(sbyte[][] block)
    {
        foreach (var taps in block.Chunk(2))
        {
            var second = taps.Length > 1 ? taps[1] : new sbyte[taps[0].Length];
            for (var filter = 0; filter < second.Length; filter += 2)
            {
                var two = filter..Math.Min(filter + 2, second.Length);
                foreach (var weight in taps[0][two].Concat(second[two])) yield return weight;
            }
        }
    }

    /// <summary>Position of a weight in the flattened row of its filter, and offset of its input from the window's corner.</summary>
    private readonly record struct Tap(int Position, int Offset);
}
