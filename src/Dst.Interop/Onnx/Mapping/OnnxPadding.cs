using Dst.Graph;
using Dst.Interop.Onnx.Reading;
using Dst.Kernels;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Reads the padding of convolutions and pools.</summary>
internal static class OnnxPadding
{
    /// <summary>Reads <c>pads</c> or <c>auto_pad</c>.</summary>
    /// <param name="node">The convolution or pool.</param>
    /// <param name="x">What it reads.</param>
    /// <param name="kernel">Height and width of its window, dilated.</param>
    /// <param name="stride">Its steps.</param>
    public static WindowSides Of(OnnxNode node, FeatureShape x, (int Height, int Width) kernel, (int Height, int Width) stride)
    {
        switch (node.Get("auto_pad", "NOTSET"))
        {
            case "NOTSET":
                var pads = node.GetInts("pads", 4, 0);
                return pads.All(pad => pad >= 0) ? new(pads[0], pads[1], pads[2], pads[3])
                    : throw node.Illegal($"has the pads {RowMajor.Text(pads)}; 0 or more were expected");
            case "VALID":
                return default;
            case "SAME_UPPER":
                var (top, bottom) = Same(x.Height, kernel.Height, stride.Height);
                var (left, right) = Same(x.Width, kernel.Width, stride.Width);
                return new(top, left, bottom, right);
            case "SAME_LOWER":
                (bottom, top) = Same(x.Height, kernel.Height, stride.Height);
                (right, left) = Same(x.Width, kernel.Width, stride.Width);
                return new(top, left, bottom, right);
            case var other:
                throw node.Illegal($"has the auto_pad '{other}'; NOTSET, VALID, SAME_UPPER or SAME_LOWER was expected");
        }
    }

    /// <summary>The steps of a window along rows and columns.</summary>
    public static (int Height, int Width) ReadStrides(OnnxNode node)
    {
        const int most = SlidingWindow.MaxKernel;
        var strides = node.GetInts("strides", 2, 1);
        return strides is [>= 1 and <= most and var height, >= 1 and <= most and var width] ? (height, width)
            : throw node.Illegal($"has the strides {RowMajor.Text(strides)}; two from 1 to {most} were expected");
    }

    /// <summary>Padding for an output of ⌈extent / stride⌉; an odd one is larger at the end.</summary>
    private static (int Begin, int End) Same(int extent, int kernel, int stride)
    {
        var total = Math.Max(0, ((long)(extent + stride - 1L) / stride - 1) * stride + kernel - extent);
        return ((int)(total / 2), (int)(total - total / 2));
    }
}
