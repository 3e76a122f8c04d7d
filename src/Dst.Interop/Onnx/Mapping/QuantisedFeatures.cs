using Dst.Graph;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>Features that are rounded to integers and become floats again, as <see cref="NodePatterns"/> writes it.</summary>
internal static class QuantisedFeatures
{
    /// <summary>
    /// <c>QuantizeLinear</c> with <c>DequantizeLinear</c> behind it. Inputs: x, then the scale and zero point of each.
    /// </summary>
    public const string Pair = "QuantizeDequantize";

    /// <summary>
    /// Gives the features their scale, if the network stays one of 8-bit integers. In a network of floats they are clipped to what the
    /// integers can hold, because a quantiser leaves out a ReLU where its integers are never below 0; they are not rounded. Scores at the
    /// end are neither scaled nor clipped, as their softmax is left out too.
    /// </summary>
    public static void Map(NetworkImport import, OnnxNode node)
    {
        var (scale, zero, least, greatest) = ScaleOf(import, node);
        var (min, max) = ((least - zero) * scale, (greatest - zero) * scale);
        var x = import.View(node, 0);
        if (import.IsScores(node.Outputs[0]))
        {
            Views.Identity(import, node);
        }
        else if (import.Int8 is { } int8)
        {
            if (greatest - least != byte.MaxValue) throw node.Illegal("quantises features to integers of 16 bits");
            if (!import.IsReadOnlyBy(node, Pair)) throw node.Illegal("reads features that others read without rounding");
            int8.SetValue(node, x.Node, new(scale, (byte)(zero - least)));
            Views.Identity(import, node);
        }
        else if (IsWithin(import.Network, x.Node, min, max))
        {
            Views.Identity(import, node);
        }
        else
        {
            Activations.Bound(import, node, 0, min, max);
        }
    }

    private static (float Scale, long Zero, int Least, int Greatest) ScaleOf(NetworkImport import, OnnxNode node)
    {
        var scale = Only(node, import.NeededConstant(node, 1).Floats(node));
        if (!(scale > 0 && float.IsFinite(scale)))
            throw node.Illegal(FormattableString.Invariant($"has the scale {scale} for features; a finite one above 0 was expected"));
        var given = import.Constant(node, 2);
        var zero = given is null ? 0 : Only(node, given.Longs(node));
        var isSame = Only(node, import.NeededConstant(node, 3).Floats(node)) == scale
            && (import.Constant(node, 4) is { } other ? Only(node, other.Longs(node)) : 0) == zero;
        if (!isSame) throw node.Illegal("has one scale or zero point to quantise and another to dequantise; give both the same");
        var type = node.Get("output_dtype", 0L);
        var range = given is not null ? given.Range : type == 0 ? (byte.MinValue, byte.MaxValue) : ConstantTensor.RangeOf(type);
        if (range is not var (least, greatest)) throw node.Illegal("quantises features to integers of other than 8 or 16 bits; use these");
        return (scale, zero, least, greatest);
    }

    private static T Only<T>(OnnxNode node, T[] values) => values is [var only] ? only
        : throw node.Illegal($"has {values.Length} scales or zero points for features; quantise them with one");

    /// <summary>Whether a value is bounded already, perhaps before pools and reshapes: these are quantised as what they read.</summary>
    private static bool IsWithin(OnnxNetworkBuilder network, string node, float min, float max)
    {
        // The zeros around a map are within.
        if (min > 0 || max < 0) return false;
        while (network.OperationOf(node) is MaxPoolOp or AvgPoolOp or GlobalMaxPoolOp or GlobalAvgPoolOp or FlattenOp)
            node = network.InputOf(node);
        return network.OperationOf(node) is ClipOp clip && clip.Min >= min && clip.Max <= max;
    }
}
