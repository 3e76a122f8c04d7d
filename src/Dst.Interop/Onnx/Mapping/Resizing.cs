using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary><c>Resize</c> and <c>Upsample</c> that enlarge rows and columns by one whole factor.</summary>
internal static class Resizing
{
    public static void Resize(NetworkImport import, OnnxNode node)
    {
        var x = import.Map(node, 0);
        var scale = ScaleOf(import, node, x.Shape);
        var bilinear = IsBilinear(node);
        import.SetOutput(node, scale == 1 ? x : import.Append(node, new UpsampleOp(scale, bilinear), x));
    }

    private static int ScaleOf(NetworkImport import, OnnxNode node, FeatureShape x)
    {
        var factors = ReadFactors(import, node, x);
        return factors is [1, 1, >= 1 and var height, var width] && height == width && height == Math.Floor(height)
            ? (int)height
            : throw node.Illegal($"resizes by {RowMajor.Text(factors)}; one whole factor of rows and columns was expected");
    }

    /// <summary>The factor of each dimension, from an attribute, a constant of factors or one of sizes.</summary>
    private static double[] ReadFactors(NetworkImport import, OnnxNode node, FeatureShape x)
    {
        if (node.Has("scales")) return Array.ConvertAll(node.Get<float[]>("scales", []), factor => (double)factor);
        if (import.Constant(node, IsOld(node) ? 1 : 2) is { Count: > 0 } scales)
            return Array.ConvertAll(scales.Floats(node), factor => (double)factor);
        if (!IsOld(node) && import.NeededConstant(node, 3).Longs(node) is [var images, var channels, var rows, var columns])
            return [images == import.Batch ? 1 : 0, (double)channels / x.Channels, (double)rows / x.Height, (double)columns / x.Width];
        return [];
    }

    /// <summary>Whether the operation is of the form that takes no sizes and is always asymmetric.</summary>
    private static bool IsOld(OnnxNode node) => node.Operation == "Upsample" || node.Opset < 11;

    private static bool IsBilinear(OnnxNode node)
    {
        var mode = node.Get("mode", "nearest");
        var transform = IsOld(node) ? "asymmetric" : node.Get("coordinate_transformation_mode", "half_pixel");
        var rounding = IsOld(node) ? "floor" : node.Get("nearest_mode", "round_prefer_floor");
        var isSupported = (mode, transform, rounding) switch
        {
            ("nearest", "asymmetric", "floor") => true,
            // With a whole factor the nearest centre is never in doubt.
            ("nearest", "half_pixel" or "pytorch_half_pixel", "round_prefer_floor" or "round_prefer_ceil") => true,
            ("linear", "half_pixel" or "pytorch_half_pixel", _) => true,
            _ => false,
        };
        return isSupported
            ? mode == "linear"
            : throw node.Illegal(
                $"resizes by the mode '{mode}' with '{transform}' and '{rounding}'; expected nearest, or linear with half_pixel");
    }
}
