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
    /// integers can hold, because a quantiser leaves out a ReLU where its integers are never below 0; they are not rounded. The same holds
    /// for features of floats in a network of integers. Scores at the end are neither scaled nor clipped, as their softmax is left out
    /// too; those of a sum or of bounds are in a network of integers, in which a layer cannot add or bound without a scale.
    /// </summary>
    public static void Map(NetworkImport import, OnnxNode node)
    {
        var (scale, zero, least, greatest) = ScaleOf(import, node);
        var (min, max) = ((least - zero) * scale, (greatest - zero) * scale);
        var x = import.View(node, 0);
        var addsOrBounds = import.Network.OperationOf(x.Node) is AddOp or ReluOp or ClipOp;
        if (import.IsScores(node.Outputs[0]) && (import.Int8 is null || !addsOrBounds))
        {
            Views.Identity(import, node);
            return;
        }

        var isWithin = IsWithin(import.Network, x.Node, min, max);
        // Features that others read without rounding need a node of their own for those that are rounded.
        var isShared = !import.IsReadOnlyBy(node, Pair);
        var isBounded = import.Int8 is null ? !isWithin : isShared || import.Int8.IsFloat(x.Node) && !isWithin;
        if (isBounded) x = Activations.Bound(import, node, 0, min, max);
        else Views.Identity(import, node);
        if (import.Int8 is not { } int8) return;
        if (greatest - least != byte.MaxValue) throw node.Illegal("quantises features to integers of 16 bits");
        int8.SetValue(node, x.Node, new(scale, (byte)(zero - least)), isBounded || isWithin);
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
