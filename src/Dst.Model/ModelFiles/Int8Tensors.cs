using Dst.Graph;
using Dst.Masks;
using Dst.Quantisation;

namespace Dst.ModelFiles;

/// <summary>
/// The scales of a network of 8-bit integers in a model file: three tensors, and the names of its values as metadata. A layer has 8-bit
/// weights if its tensor has the type I8.
/// </summary>
internal static class Int8Tensors
{
    /// <summary>How many tensors hold the scales.</summary>
    public const int Count = 3;

    private const string ValueScales = "int8.value_scales", ValueZeros = "int8.value_zeros", FilterScales = "int8.filter_scales";

    /// <summary>The tensors of scales.</summary>
    public static IEnumerable<TensorEntry> Of(Int8Scales scales, CheckedGraph graph)
    {
        var values = scales.Values.Values;
        float[] filters = [.. Weights(graph).SelectMany(shape => scales.Filters.GetValueOrDefault(shape.Layer, []))];
        yield return new(ValueScales, [scales.Values.Count], [.. values.Select(value => value.Scale)]);
        yield return new(ValueZeros, [scales.Values.Count], (byte[])[.. values.Select(value => value.Zero)]);
        yield return new(FilterScales, [filters.Length], filters);
    }

    /// <summary>Reads the scales, or null if the network is one of floats.</summary>
    /// <param name="file">The file.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="masks">Its masks by layer name.</param>
    public static Int8Scales? Read(SafetensorsReader file, CheckedGraph graph, IReadOnlyDictionary<string, LayerMask> masks)
    {
        if (ModelMetadata.ReadInt8Values(file.Strings, graph) is not { } names) return null;
        var (scales, zeros) = (file.ReadFloats(ValueScales, names.Length), file.ReadBytes(ValueZeros, names.Length));
        var layers = Weights(graph).Where(shape => TypeOf(shape) == TensorType.I8).ToList();
        var total = layers.Sum(layer => (long)layer.Shape[0]);
        if (total > Array.MaxLength) throw file.Malformed($"has {total} filters of 8-bit weights; at most {Array.MaxLength} were expected");
        var filters = file.ReadFloats(FilterScales, (int)total);
        if (ModelRules.OfInt8Scales(scales.Concat(filters)) is { } problem) throw file.Malformed(problem);
        var first = 0;
        return new(
            names.Index().ToDictionary(name => name.Item, name => new ByteScale(scales[name.Index], zeros[name.Index])),
            layers.ToDictionary(layer => layer.Layer, layer => filters[first..(first += layer.Shape[0])]));

        TensorType? TypeOf(ParameterShape weight) =>
            file.Tensors.GetValueOrDefault(StoredParameter.Of(weight, masks, int8: null).Name)?.Type;
    }

    private static IEnumerable<ParameterShape> Weights(CheckedGraph graph) =>
        graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight);
}
