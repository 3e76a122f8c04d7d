using Dst.Quantisation;

namespace Dst.Interop.Onnx.Export;

/// <summary>
/// Writes what makes a network one of 8-bit integers, in the form QDQ: <c>QuantizeLinear</c> and <c>DequantizeLinear</c> behind each value
/// that is held in bytes, and <c>DequantizeLinear</c> behind integer weights.
/// </summary>
/// <param name="scales">The scales; null for a network of floats.</param>
/// <param name="writer">Takes the nodes.</param>
internal sealed class RoundingWriter(Int8Scales? scales, GraphWriter writer)
{
    /// <summary>Rounds a value to bytes if the network holds it in bytes.</summary>
    /// <param name="layer">Name of our node.</param>
    /// <param name="value">What it wrote.</param>
    /// <returns>The value for its readers.</returns>
    public string Round(string layer, string value)
    {
        if (scales is null || !scales.Values.TryGetValue(layer, out var scale)) return value;
        string[] by = [writer.AddConstant($"{layer}.step", [], [scale.Scale]), writer.AddBytes($"{layer}.zero", [], [scale.Zero])];
        var bytes = writer.Add("QuantizeLinear", $"{layer}.bytes", [value, .. by]);
        return writer.Add("DequantizeLinear", $"{layer}.floats", [bytes, .. by]);
    }

    /// <summary>Writes the integer weights [O, …] of a layer; null if they are floats.</summary>
    public string? AddWeight(string layer, Tensor weight)
    {
        if (scales is null || !scales.Filters.TryGetValue(layer, out var steps)) return null;
        var name = $"{layer}.weight";
        return writer.Add(
            "DequantizeLinear", $"{name}.floats",
            [
                writer.AddSignedBytes(name, weight.Shape, Int8Scales.ToIntegers(weight.Data, steps)),
                writer.AddConstant($"{name}.steps", [steps.Length], steps),
                writer.AddSignedBytes($"{name}.zeros", [steps.Length], new sbyte[steps.Length]),
            ],
            ("axis", 0));
    }
}
