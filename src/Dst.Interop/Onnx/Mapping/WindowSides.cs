using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Padding of a convolution or pooling: rows above and below, columns on the left and right.</summary>
internal readonly record struct WindowSides(int Top, int Left, int Bottom, int Right)
{
    /// <summary>Whether all sides are equal. Our convolutions and pools can then add them.</summary>
    public bool IsEqual => Top == Left && Top == Bottom && Top == Right;

    /// <summary>Padding that is the same on all sides.</summary>
    public static WindowSides Equal(int side) => new(side, side, side, side);

    /// <summary>The operation that adds them.</summary>
    public PadOp ToPad(float value) => new(Top, Left, Bottom, Right, Value: value);

    /// <summary>Reads <c>pads</c> or <c>auto_pad</c>.</summary>
    /// <param name="node">The convolution or pooling.</param>
    /// <param name="x">What it reads.</param>
    /// <param name="kernel">Height and width of its window, dilated.</param>
    /// <param name="stride">Its step.</param>
    public static WindowSides Of(OnnxNode node, FeatureShape x, (int Height, int Width) kernel, int stride)
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
                var (top, bottom) = Same(x.Height, kernel.Height, stride);
                var (left, right) = Same(x.Width, kernel.Width, stride);
                return new(top, left, bottom, right);
            case "SAME_LOWER":
                (bottom, top) = Same(x.Height, kernel.Height, stride);
                (right, left) = Same(x.Width, kernel.Width, stride);
                return new(top, left, bottom, right);
            case var other:
                throw node.Illegal($"has the auto_pad '{other}'; NOTSET, VALID, SAME_UPPER or SAME_LOWER was expected");
        }
    }

    /// <summary>Padding for an output of ⌈extent / stride⌉; an odd one is larger at the end.</summary>
    private static (int Begin, int End) Same(int extent, int kernel, int stride)
    {
        var total = Math.Max(0, ((long)(extent + stride - 1L) / stride - 1) * stride + kernel - extent);
        return ((int)(total / 2), (int)(total - total / 2));
    }
}
