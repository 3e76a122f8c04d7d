using Dst.Graph;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Convolutions and linear layers of floats.</summary>
internal static class CConvolutions
{
    /// <summary>Writes a convolution, or a linear layer, which is a convolution of the whole map.</summary>
    public static void Emit(CProgram program, LoweredNode node)
    {
        var blocks = CFilterBlocks.Of(program, node);
        EmitLayer(program, node, "convolve", "convolution", blocks.WeightsOf(node.Weight!), blocks.Filters, blocks.FieldsOf(program, node));
    }

    /// <summary>Writes a depthwise convolution.</summary>
    public static void EmitDepthwise(CProgram program, LoweredDepthwiseNode node)
    {
        var w = node.Window;
        var weights = new float[w.Area * w.Channels]; // [Kh, Kw, C]
        for (var i = 0; i < weights.Length; i++) weights[i] = node.Weight![i % w.Channels * w.Area + i / w.Channels];
        EmitLayer(
            program, node, "convolve_channels", "depthwise", weights, w.Channels,
            KernelFields(w.KernelHeight, w.KernelWidth, w.Stride, w.Padding));
    }

    /// <summary>Writes a transposed convolution.</summary>
    public static void EmitTransposed(CProgram program, LoweredNode node, ConvTransposeOp c)
    {
        var area = c.KernelHeight * c.KernelWidth;
        var channels = node.Weight!.Length / c.OutChannels / area;
        var weights = new float[node.Weight.Length]; // [Kh, Kw, I, O]
        for (var i = 0; i < weights.Length; i++)
        {
            var (filter, channel, position) = (i / area / channels, i / area % channels, i % area);
            weights[(position * channels + channel) * c.OutChannels + filter] = node.Weight[i];
        }

        EmitLayer(
            program, node, "convolve_transposed", "transposed", weights, c.OutChannels,
            KernelFields(c.KernelHeight, c.KernelWidth, c.Stride, c.Padding));
    }

    /// <summary>Writes the functions of a kind of layer, the layer itself and its call.</summary>
    /// <param name="program">Takes them.</param>
    /// <param name="node">The layer.</param>
    /// <param name="function">The C function.</param>
    /// <param name="type">Its type of layers: weights and bias, then <paramref name="fields"/>, then bounds.</param>
    /// <param name="weights">The weights in the order of the function.</param>
    /// <param name="filters">Number of filters.</param>
    /// <param name="fields">The fields between bias and bounds.</param>
    private static void EmitLayer(
        CProgram program, LoweredNode node, string function, string type, float[] weights, int filters,
        (string Field, string Value)[] fields)
    {
        foreach (var template in new[] { "tile.c", "finish.c", $"{type}.c" }) program.Use(template);
        var (low, high) = CProgram.BoundsOf(node);
        var layer = program.AddLayer(
            node, type,
            [
                ("weights", program.AddFloats(node, "weights", weights)),
                ("bias", program.AddFloats(node, "bias", node.Bias ?? new float[filters])),
                .. fields, ("low", low), ("high", high),
            ]);
        program.CallLayer(function, node, layer);
    }

    private static (string Field, string Value)[] KernelFields(int height, int width, int stride, int padding) =>
        [("kernel_height", $"{height}"), ("kernel_width", $"{width}"), ("stride", $"{stride}"), ("padding", $"{padding}")];
}
