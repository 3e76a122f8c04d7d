using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Convolutions.</summary>
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
        var weight = import.NeededConstant(node, 1);
        if (weight.Shape.Length != 4 || weight.Count == 0)
            throw node.Illegal($"has a weight {RowMajor.Text(weight.Shape)}; [O, I, Kh, Kw] was expected");
        if (node.Has("kernel_shape") && node.GetInts("kernel_shape", 2, 0) is var kernel && !kernel.SequenceEqual(weight.Shape.Skip(2)))
            throw node.Illegal($"has the kernel_shape {RowMajor.Text(kernel)} and a weight {RowMajor.Text(weight.Shape)}");
        var strides = OnnxPadding.ReadStrides(node);
        var stride = GreatestDivisor(strides.Height, strides.Width);
        var (shape, values) = Dilate(import, node, weight);
        var sides = OnnxPadding.Of(node, x.Shape, (shape[2], shape[3]), strides);
        if (!sides.IsEqual) x = import.Append("pad", new PadOp(sides.Top, sides.Left, sides.Bottom, sides.Right), x);
        var bias = import.Constant(node, 2);
        var padding = sides.IsEqual ? sides.Top : 0;
        var operation = new Conv2dOp(shape[0], shape[2], shape[3], stride, padding, node.GetInt("group", 1), bias is not null);
        var y = import.Append(node, node.Inputs[1], operation, x);
        import.Network.SetParameter(y.Node, "weight", shape, values);
        if (bias is not null) import.Network.SetParameter(y.Node, "bias", bias.Shape, bias.Floats(node));
        if (strides.Height != strides.Width)
            y = import.Append("subsample", new MaxPoolOp(1, strides.Height / stride, StrideWidth: strides.Width / stride), y);
        import.Set(node, y);
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
