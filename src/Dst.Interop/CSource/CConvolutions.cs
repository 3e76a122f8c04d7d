using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Convolutions and linear layers: blocks of filters with lists of the taps that are kept.</summary>
internal static class CConvolutions
{
    /// <summary>Filters of a block without a mask: as many as the widest vectors have lanes.</summary>
    private const int DenseBlock = 16;

    /// <summary>Writes the layer and the call of a convolution or of a linear layer, which is a convolution of the whole map.</summary>
    public static void Emit(CProgram program, LoweredNode node)
    {
        foreach (var template in new[] { "tile.c", "finish.c", "convolve.c" }) program.Use(template);
        var (plan, (low, high)) = (PlanOf(program, node), CProgram.BoundsOf(node));
        var layer = program.AddLayer(
            node, "convolution",
            [
                ("weights", program.AddFloats(node, "weights", plan.WeightsOf(node.Weight!))),
                ("bias", program.AddFloats(node, "bias", node.Bias ?? new float[plan.Filters])),
                .. plan.FieldsOf(program, node), ("low", low), ("high", high),
            ]);
        EmitCall(program, node, "convolve", layer);
    }

    /// <summary>Writes the layer and the call of a depthwise convolution.</summary>
    public static void Emit(CProgram program, LoweredDepthwiseNode node)
    {
        foreach (var template in new[] { "tile.c", "finish.c", "depthwise.c" }) program.Use(template);
        var (low, high) = CProgram.BoundsOf(node);
        var window = node.Window;
        var weights = new float[window.Area * window.Channels];
        for (var i = 0; i < weights.Length; i++) weights[i] = node.Weight![i % window.Channels * window.Area + i / window.Channels];
        var layer = program.AddLayer(
            node, "depthwise",
            ("weights", program.AddFloats(node, "weights", weights)),
            ("bias", program.AddFloats(node, "bias", node.Bias ?? new float[window.Channels])),
            ("kernel_height", $"{window.KernelHeight}"), ("kernel_width", $"{window.KernelWidth}"),
            ("stride", $"{window.Stride}"), ("padding", $"{window.Padding}"),
            ("low", low), ("high", high));
        EmitCall(program, node, "convolve_channels", layer);
    }

    /// <summary>Writes the layer and the call of a transposed convolution.</summary>
    public static void Emit(CProgram program, LoweredNode node, ConvTransposeOp c)
    {
        foreach (var template in new[] { "tile.c", "finish.c", "transposed.c" }) program.Use(template);
        var (low, high) = CProgram.BoundsOf(node);
        var (filters, area) = (c.OutChannels, c.KernelHeight * c.KernelWidth);
        var channels = node.Weight!.Length / filters / area;
        var weights = new float[node.Weight.Length];
        for (var i = 0; i < weights.Length; i++)
            weights[(i % area * channels + i / area % channels) * filters + i / area / channels] = node.Weight[i];
        var layer = program.AddLayer(
            node, "transposed",
            ("weights", program.AddFloats(node, "weights", weights)),
            ("bias", program.AddFloats(node, "bias", node.Bias ?? new float[c.OutChannels])),
            ("kernel_height", $"{c.KernelHeight}"), ("kernel_width", $"{c.KernelWidth}"),
            ("stride", $"{c.Stride}"), ("padding", $"{c.Padding}"),
            ("low", low), ("high", high));
        EmitCall(program, node, "convolve_transposed", layer);
    }

    /// <summary>The blocks of filters of a layer with weights.</summary>
    public static FilterPlan PlanOf(CProgram program, LoweredNode node)
    {
        var input = program.Network[node.Inputs[0]];
        var c = node.Operation is LinearOp linear
            ? new Conv2dOp(linear.OutFeatures, input.Shape.Height, input.Shape.Width)
            : (Conv2dOp)node.Operation;
        var mask = c.Groups == 1 ? node.Mask : null;
        var (groupFilters, groupChannels) = (c.OutChannels / c.Groups, input.Shape.Channels / c.Groups);
        var block = mask?.Block ?? (c.Groups == 1 ? DenseBlock : LargestDivisor(groupFilters));
        var positions = PositionsInOrderOfOffset(input, c, groupChannels).ToList();
        var blocks = new List<Tap[]>();
        for (var first = 0; first < c.OutChannels; first += block)
        {
            var group = first / groupFilters;
            var kept = positions.Where(tap => mask?.Keeps(first, tap.Position) ?? true);
            blocks.Add([.. kept.Select(tap => tap with { Offset = tap.Offset + group * groupChannels })]);
        }

        return new(blocks, block, mask is null && c.Groups == 1, c);
    }

    /// <summary>Writes the call of a layer with weights.</summary>
    public static void EmitCall(CProgram program, LoweredNode node, string function, string layer) => program.Statement(
        function, layer, program.AddressOf(node.Inputs[0]), program.MapOf(node.Inputs[0]),
        node.Residual is { } residual ? program.AddressOf(residual) : "NULL", program.AddressOf(node.Output), program.MapOf(node.Output));

    /// <summary>All taps of a window of the first group, in the order of memory.</summary>
    private static IEnumerable<Tap> PositionsInOrderOfOffset(CValue input, Conv2dOp c, int groupChannels)
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

    private static int LargestDivisor(int filters) => Enumerable.Range(1, DenseBlock).Last(width => filters % width == 0);

    /// <summary>Position of a weight in the flattened row of its filter, and offset of its input from the window's corner.</summary>
    internal readonly record struct Tap(int Position, int Offset);

    /// <summary>Filters in blocks, each with its list of taps.</summary>
    /// <param name="Blocks">The taps of each block.</param>
    /// <param name="Block">Filters of a block; the last may have fewer.</param>
    /// <param name="IsShared">Whether all blocks have the same list.</param>
    /// <param name="Convolution">Its window.</param>
    internal sealed record FilterPlan(IReadOnlyList<Tap[]> Blocks, int Block, bool IsShared, Conv2dOp Convolution)
    {
        /// <summary>Number of filters.</summary>
        public int Filters => Convolution.OutChannels;

        /// <summary>Kept weights [block][tap][filter of the block].</summary>
        public float[] WeightsOf(float[] weights) => [.. Rows(weights).SelectMany(block => block).SelectMany(row => row)];

        /// <summary>
        /// Kept weights [block][pair of taps][pair of filters][tap][filter]. Behind an odd number of taps are zeros.
        /// </summary>
        public sbyte[] PairsOf(sbyte[] weights) => [.. Rows(weights).SelectMany(InPairs)];

        /// <summary>The fields of a layer's structure from its taps to its padding.</summary>
        public (string Field, string Value)[] FieldsOf(CProgram program, LoweredNode node)
        {
            var listed = IsShared ? Blocks.Take(1) : Blocks;
            var counts = Blocks.Select(taps => taps.Length).ToArray();
            return
            [
                ("taps", program.AddTaps(node, "taps", [.. listed.SelectMany(taps => taps).Select(tap => tap.Offset)])),
                ("counts", counts.Distinct().Count() == 1 ? "NULL" : program.AddTaps(node, "counts", counts)),
                ("count", $"{counts[0]}"), ("shared", IsShared ? "1" : "0"), ("filters", $"{Filters}"), ("block", $"{Block}"),
                ("stride", $"{Convolution.Stride}"), ("padding", $"{Convolution.Padding}"),
            ];
        }

        /// <summary>The weights of each block: [tap][filter of the block].</summary>
        private IEnumerable<T[][]> Rows<T>(T[] weights)
        {
            var row = weights.Length / Filters;
            for (var b = 0; b < Blocks.Count; b++)
            {
                var filters = Enumerable.Range(b * Block, Math.Min(Block, Filters - b * Block)).ToArray();
                yield return Array.ConvertAll(Blocks[b], tap => Array.ConvertAll(filters, filter => weights[filter * row + tap.Position]));
            }
        }

        private static IEnumerable<sbyte> InPairs(sbyte[][] rows)
        {
            foreach (var taps in rows.Chunk(2))
            {
                var second = taps.Length > 1 ? taps[1] : new sbyte[taps[0].Length];
                for (var filter = 0; filter < second.Length; filter += 2)
                {
                    var two = filter..Math.Min(filter + 2, second.Length);
                    foreach (var weight in taps[0][two].Concat(second[two])) yield return weight;
                }
            }
        }
    }
}
