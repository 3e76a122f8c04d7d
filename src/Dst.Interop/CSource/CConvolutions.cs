using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Convolutions and linear layers: blocks of filters with lists of the taps that are kept.</summary>
internal static class CConvolutions
{
    /// <summary>Filters of a block without a mask: as many as the widest vectors have lanes.</summary>
    private const int DenseBlock = 16;

    /// <summary>Writes the layer and the call of a convolution.</summary>
    public static void Emit(CProgram program, LoweredNode node, Conv2dOp c)
    {
        var input = program.Network[node.Inputs[0]];
        var mask = c.Groups == 1 ? node.Mask : null;
        var (groupFilters, groupChannels) = (c.OutChannels / c.Groups, input.Shape.Channels / c.Groups);
        var block = mask?.Block ?? (c.Groups == 1 ? DenseBlock : LargestDivisor(groupFilters));
        var positions = PositionsInOrderOfOffset(input, c, groupChannels);
        var blocks = new List<Tap[]>();
        for (var first = 0; first < c.OutChannels; first += block)
        {
            var group = first / groupFilters;
            var kept = positions.Where(tap => mask?.Keeps(first, tap.Position) ?? true);
            blocks.Add([.. kept.Select(tap => tap with { Offset = tap.Offset + group * groupChannels })]);
        }

        var isShared = mask is null && c.Groups == 1;
        Emit(program, node, blocks, block, isShared, c.OutChannels, ("stride", $"{c.Stride}"), ("padding", $"{c.Padding}"));
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

    /// <summary>Writes the layer and the call of a linear layer, which is a convolution of the whole map.</summary>
    public static void Emit(CProgram program, LoweredNode node, LinearOp linear)
    {
        var input = program.Network[node.Inputs[0]];
        var whole = new Conv2dOp(linear.OutFeatures, input.Shape.Height, input.Shape.Width);
        Tap[] taps = [.. PositionsInOrderOfOffset(input, whole, input.Shape.Channels)];
        var blocks = Enumerable.Repeat(taps, (linear.OutFeatures + DenseBlock - 1) / DenseBlock).ToList();
        Emit(program, node, blocks, DenseBlock, isShared: true, linear.OutFeatures, ("stride", "1"), ("padding", "0"));
    }

    private static void Emit(
        CProgram program, LoweredNode node, List<Tap[]> blocks, int block, bool isShared, int filters,
        params (string Field, string Value)[] geometry)
    {
        foreach (var template in new[] { "tile.c", "finish.c", "convolve.c" }) program.Use(template);
        var (low, high) = CProgram.BoundsOf(node);
        var listed = isShared ? blocks.Take(1) : blocks;
        var counts = blocks.Select(taps => taps.Length).ToArray();
        var layer = program.AddLayer(
            node, "convolution",
            [
                ("weights", program.AddFloats(node, "weights", [.. Weights(node, blocks, block, filters)])),
                ("bias", program.AddFloats(node, "bias", node.Bias ?? new float[filters])),
                ("taps", program.AddTaps(node, "taps", [.. listed.SelectMany(taps => taps).Select(tap => tap.Offset)])),
                ("counts", counts.Distinct().Count() == 1 ? "NULL" : program.AddTaps(node, "counts", counts)),
                ("count", $"{counts[0]}"), ("shared", isShared ? "1" : "0"), ("filters", $"{filters}"), ("block", $"{block}"),
                .. geometry, ("low", low), ("high", high),
            ]);
        EmitCall(program, node, "convolve", layer);
    }

    private static void EmitCall(CProgram program, LoweredNode node, string function, string layer) => program.Statement(
        function, layer, program.Network.AddressOf(node.Inputs[0]), program.MapOf(node.Inputs[0]),
        node.Residual is { } residual ? program.Network.AddressOf(residual) : "NULL",
        program.Network.AddressOf(node.Output), program.MapOf(node.Output));

    /// <summary>Kept weights [block][tap][filter of the block].</summary>
    private static IEnumerable<float> Weights(LoweredNode node, List<Tap[]> blocks, int block, int filters)
    {
        var row = node.Weight!.Length / filters;
        for (var b = 0; b < blocks.Count; b++)
        {
            foreach (var tap in blocks[b])
            {
                for (var filter = b * block; filter < Math.Min(filters, (b + 1) * block); filter++)
                    yield return node.Weight[filter * row + tap.Position];
            }
        }
    }

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
    private readonly record struct Tap(int Position, int Offset);
}
