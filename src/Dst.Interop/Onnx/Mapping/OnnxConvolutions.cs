using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Convolution and batch normalisation.</summary>
internal static class OnnxConvolutions
{
    private const int MaxKernel = SlidingWindow.MaxKernel;

    /// <summary><c>Conv</c>: padding that differs between sides becomes a node of its own, dilation a larger kernel with zeros.</summary>
    public static void Convolution(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var weight = import.NeededConstant(node, 1);
        if (weight.Shape.Length != 4 || weight.Count == 0)
            throw node.Illegal($"has a weight {RowMajor.Text(weight.Shape)}; [O, I, Kh, Kw] was expected");
        if (node.Has("kernel_shape") && node.GetInts("kernel_shape", 2, 0) is var kernel && !kernel.SequenceEqual(weight.Shape.Skip(2)))
            throw node.Illegal($"has the kernel_shape {RowMajor.Text(kernel)} and a weight {RowMajor.Text(weight.Shape)}");
        var stride = EqualSteps(node);
        var (shape, values) = Dilate(import, node, weight);
        var sides = WindowSides.Of(node, x.Shape, (shape[2], shape[3]), stride);
        if (!sides.IsEqual) x = import.Append("pad", sides.ToPad(0), x);
        var bias = import.Constant(node, 2);
        var padding = sides.IsEqual ? sides.Top : 0;
        var operation = new Conv2dOp(shape[0], shape[2], shape[3], stride, padding, node.GetInt("group", 1), bias is not null);
        var y = import.Append(node, node.Inputs[1], operation, x);
        import.Network.SetParameter(y.Node, "weight", shape, values);
        if (bias is not null) import.Network.SetParameter(y.Node, "bias", bias.Shape, bias.Floats(node));
        import.Set(node, y);
    }

    /// <summary><c>BatchNormalization</c> with its running statistics.</summary>
    public static void BatchNormalisation(NetworkImport import, OnnxNode node)
    {
        if (node.GetInt("training_mode", 0) != 0 || node.GetInt("spatial", 1) == 0)
            throw node.Illegal("normalises by the batch or by pixel; running statistics of each channel were expected");
        var oldShare = node.Get("momentum", 0.9f);
        // Without rounding, 1 - 0.9f is not 0.1f.
        var momentum = oldShare is >= 0 and < 0.999999f ? (float)Math.Round(1.0 - oldShare, 6) : new BatchNormOp().Momentum;
        var operation = new BatchNormOp(node.Get("epsilon", 1e-5f), momentum);
        var y = import.Append(node, node.Inputs.ElementAtOrDefault(1), operation, import.Map(node, 0));
        foreach (var (i, suffix) in new[] { "weight", "bias", "running_mean", "running_var" }.Index())
        {
            var constant = import.NeededConstant(node, i + 1);
            import.Network.SetParameter(y.Node, suffix, constant.Shape, constant.Floats(node));
        }

        import.Set(node, y);
    }

    /// <summary>The stride of a window, which must be equal in both directions.</summary>
    public static int EqualSteps(OnnxNode node)
    {
        var strides = node.GetInts("strides", 2, 1);
        return strides[0] == strides[1] && strides[0] is >= 1 and <= MaxKernel ? strides[0]
            : throw node.Illegal($"has the strides {RowMajor.Text(strides)}; two equal ones from 1 to {MaxKernel} were expected");
    }

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
