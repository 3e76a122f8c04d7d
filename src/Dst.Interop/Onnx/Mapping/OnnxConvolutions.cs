using Dst.Graph;
using Dst.Interop.Onnx.Reading;
using Dst.Kernels;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Convolutions and transposed convolutions.</summary>
internal static class OnnxConvolutions
{
    private const int MaxKernel = SlidingWindow.MaxKernel;

    /// <summary>
    /// <c>Conv</c>. Padding that differs between sides becomes a node of its own, dilation a larger kernel with zeros. Where strides
    /// differ, the convolution takes the greatest step that divides both, and a node behind it leaves out the rest.
    /// </summary>
    public static void Convolution(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var weight = ReadWeight(import, node, "[O, I, Kh, Kw]");
        var strides = OnnxPadding.ReadStrides(node);
        var stride = GreatestDivisor(strides.Height, strides.Width);
        var (shape, values) = Dilate(import, node, weight);
        var sides = OnnxPadding.Of(node, x.Shape, (shape[2], shape[3]), strides);
        if (!sides.IsEqual) x = import.AppendExtra("pad", new PadOp(sides.Top, sides.Left, sides.Bottom, sides.Right), x);
        var padding = sides.IsEqual ? sides.Top : 0;
        var hasBias = import.Constant(node, 2) is not null;
        var operation = new Conv2dOp(shape[0], shape[2], shape[3], stride, padding, node.GetInt("group", 1), hasBias);
        var y = AppendLayer(import, node, operation, x, shape, values);
        import.Int8?.SetFilters(y.Node, node.Inputs[1], shape[0], axis: 0);
        if (strides.Height != strides.Width)
            y = import.AppendExtra("subsample", new MaxPoolOp(1, strides.Height / stride, StrideWidth: strides.Width / stride), y);
        import.SetOutput(node, y);
    }

    /// <summary>
    /// <c>ConvTranspose</c> of one group without dilation, whose strides, sides and output paddings are equal.
    /// </summary>
    public static void Transposed(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var weight = ReadWeight(import, node, "[I, O, Kh, Kw]");
        var (stride, padding, outputPadding) = ReadTransposedWindow(node);
        if (weight.Shape[0] != x.Shape.Channels)
            throw node.Illegal($"has a weight {RowMajor.Text(weight.Shape)} for {x.Shape.Channels} channels");
        var hasBias = import.Constant(node, 2) is not null;
        int[] shape = [weight.Shape[1], weight.Shape[0], weight.Shape[2], weight.Shape[3]];
        import.Budget.Take(weight.Count);
        var values = new float[weight.Count];
        TransposedConvolution.ExchangeChannels(weight.Floats(node), weight.Shape[0], weight.Shape[1], values);
        var operation = new ConvTransposeOp(shape[0], shape[2], shape[3], stride, padding, outputPadding, hasBias);
        import.SetOutput(node, AppendLayer(import, node, operation, x, shape, values));
    }

    private static (int Stride, int Padding, int OutputPadding) ReadTransposedWindow(OnnxNode node)
    {
        var strides = OnnxPadding.ReadStrides(node);
        var (pads, added) = (node.GetInts("pads", 4, 0), node.GetInts("output_padding", 2, 0));
        if (node.GetInt("group", 1) != 1)
            throw node.Illegal(Invariant($"is a ConvTranspose of {node.GetInt("group", 1)} groups; one was expected"));
        if (node.GetInts("dilations", 2, 1) is not [1, 1]) throw node.Illegal("is a ConvTranspose with a dilation; 1 was expected");
        if (node.Has("output_shape") || node.Get("auto_pad", "NOTSET") is not ("NOTSET" or "VALID"))
            throw node.Illegal("is a ConvTranspose that pads to a shape; give it pads and output_padding");
        if (strides.Height != strides.Width || pads.Distinct().Count() > 1 || added[0] != added[1])
            throw node.Illegal(
                Invariant($"is a ConvTranspose with the strides {strides.Height} and {strides.Width}, pads {RowMajor.Text(pads)} and ")
                + "output_padding "
                + $"{RowMajor.Text(added)}; the same for rows and columns, and on all sides, was expected");
        return (strides.Height, pads[0], added[0]);
    }

    /// <summary>Adds a layer with its weights, and with the bias that is the node's third input, if it has one.</summary>
    private static OnnxFeature AppendLayer(
        NetworkImport import, OnnxNode node, Operation operation, OnnxFeature x, int[] shape, float[] weights)
    {
        var y = import.AppendLayer(node, node.Inputs[1], operation, x);
        import.Network.SetParameter(y.Node, "weight", shape, weights);
        if (import.Constant(node, 2) is { } bias) import.Network.SetParameter(y.Node, "bias", bias.Shape, bias.Floats(node));
        return y;
    }

    private static ConstantTensor ReadWeight(NetworkImport import, OnnxNode node, string expected)
    {
        var weight = import.NeededConstant(node, 1);
        if (weight.Shape.Length != 4 || weight.Count == 0)
            throw node.Illegal($"has a weight {RowMajor.Text(weight.Shape)}; {expected} was expected");
        if (node.Has("kernel_shape") && node.GetInts("kernel_shape", 2, 0) is var kernel && !kernel.SequenceEqual(weight.Shape.Skip(2)))
            throw node.Illegal($"has the kernel_shape {RowMajor.Text(kernel)} and a weight {RowMajor.Text(weight.Shape)}");
        return weight;
    }

    private static int GreatestDivisor(int a, int b) => b == 0 ? a : GreatestDivisor(b, a % b);

    /// <summary>The weight with the zeros of its dilation between rows and columns.</summary>
    private static (int[] Shape, float[] Values) Dilate(NetworkImport import, OnnxNode node, ConstantTensor weight)
    {
        var dilations = node.GetInts("dilations", 2, 1);
        var (height, width) = (Dilated(weight.Shape[2], dilations[0]), Dilated(weight.Shape[3], dilations[1]));
        if (dilations.Any(dilation => dilation < 1) || height > MaxKernel || width > MaxKernel)
            throw node.Illegal(
                $"has a kernel {weight.Shape[2]}x{weight.Shape[3]} and the dilations {RowMajor.Text(dilations)}; "
                + $"1 or more, and a dilated kernel of at most {MaxKernel} a side were expected");
        var values = weight.Floats(node);
        if (dilations is [1, 1]) return (weight.Shape, values);
        int[] shape = [weight.Shape[0], weight.Shape[1], (int)height, (int)width];
        import.Budget.Take(RowMajor.Count(shape));
        var dilated = new float[RowMajor.Count(shape)];
        for (var i = 0; i < values.Length; i++)
        {
            var (row, kx) = Math.DivRem(i, weight.Shape[3]);
            var (kernel, ky) = Math.DivRem(row, weight.Shape[2]);
            dilated[(kernel * shape[2] + ky * dilations[0]) * shape[3] + kx * dilations[1]] = values[i];
        }

        return (shape, dilated);
    }

    private static long Dilated(int kernel, long dilation) => (kernel - 1) * dilation + 1;
}
