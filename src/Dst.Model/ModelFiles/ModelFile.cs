using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;
using Dst.Quantisation;

namespace Dst.ModelFiles;

/// <summary>
/// Saves and loads models as one safetensors file (docs/formats.md). A tensor has its parameter's name. Instead of <c>.weight</c> a pruned
/// layer has <c>.weight.uhp_values</c> and <c>.weight.uhp_mask</c>, or <c>.weight.sparse_values</c> and <c>.weight.sparse_mask</c> if its
/// mask is unstructured. A network of 8-bit integers has weights of bytes and tensors of scales, and its header is compressed. Every value
/// comes back bit for bit.
/// </summary>
/// <example>
/// <code>
/// var model = ModelFile.Load("dense.safetensors");
/// ModelFile.Save("named.safetensors", model with { ClassNames = ["cat", "dog"] });
/// </code>
/// </example>
public static class ModelFile
{
    /// <summary>
    /// Writes <paramref name="model"/> atomically to <paramref name="path"/>. What could not be read back is not written.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The tensors, class names, normalisation, outputs or scales do not fit the graph, or a mask breaks its pattern or is not applied.
    /// </exception>
    /// <exception cref="InputException">The file cannot be written, or a value is not finite.</exception>
    public static void Save(string path, Model model)
    {
        ModelRules.CheckWritable(path, model);
        var (strings, tensors) = ContentOf(model);
        SafetensorsFile.Write(path, strings, tensors);
    }

    /// <summary>Size in bytes of the file that <see cref="Save"/> writes.</summary>
    /// <exception cref="ArgumentException"><see cref="Save"/> would refuse the model.</exception>
    public static long SizeOf(Model model)
    {
        ModelRules.Check(model, "the model");
        var (strings, tensors) = ContentOf(model);
        return SafetensorsFile.SizeOf(strings, tensors);
    }

    /// <summary>Reads a model. Everything that the file says is checked before memory is taken for it.</summary>
    /// <exception cref="InputException">The file cannot be read or is not a legal model; the message says what was expected.</exception>
    public static Model Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return Load(file);
    }

    /// <summary>Reads a model from the bytes of its file, checked as by <see cref="Load(string)"/>.</summary>
    /// <exception cref="InputException">They are not a legal model; the message says what was expected.</exception>
    public static Model Load(ReadOnlyMemory<byte> bytes)
    {
        using var file = SafetensorsFile.Open("the model", bytes);
        return Load(file);
    }

    private static Model Load(SafetensorsReader file)
    {
        ModelMetadata.CheckFormat(file.Strings);
        var graph = ModelMetadata.ReadGraph(file.Strings);
        MemoryLimit.Check(
            sizeof(float) * graph.Parameters.Sum(shape => (double)shape.Count), $"the weights of {file.Path}",
            "a smaller network was expected");
        var masks = ReadMasks(file, graph);
        var int8 = Int8Tensors.Read(file, graph, shape => TensorName(shape, masks.GetValueOrDefault(shape.Layer)));
        foreach (var shape in graph.Parameters) CheckTensor(file, shape, masks.GetValueOrDefault(shape.Layer), FilterScales(int8, shape));
        var needed = graph.Parameters.Count + masks.Count + (int8 is null ? 0 : Int8Tensors.Count);
        if (needed != file.Tensors.Count) throw file.Malformed($"has {file.Tensors.Count} tensors; its graph needs {needed}");
        var normalisation = ModelMetadata.ReadNormalisation(file.Strings, graph);
        var model = new Model(graph, new Dictionary<string, Tensor>())
        {
            Masks = masks,
            Normalisation = normalisation,
            Int8 = int8,
            Outputs = ModelMetadata.ReadOutputs(file.Strings, graph),
        };
        return model with
        {
            ClassNames = ModelMetadata.ReadClassNames(file.Strings, model),
            Parameters = graph.Parameters.ToDictionary(
                shape => shape.Name, shape => ReadTensor(file, shape, masks.GetValueOrDefault(shape.Layer), FilterScales(int8, shape))),
        };
    }

    private static Dictionary<string, LayerMask> ReadMasks(SafetensorsReader file, CheckedGraph graph)
    {
        var patterns = ModelMetadata.ReadPatterns(file.Strings, graph);
        return graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight && patterns.ContainsKey(shape.Layer))
            .ToDictionary(shape => shape.Layer, shape => ReadMask(file, shape, patterns[shape.Layer]));
    }

    /// <summary>Fails unless the file has the tensor of a parameter: the kept weights if <paramref name="mask"/> prunes it.</summary>
    private static void CheckTensor(SafetensorsReader file, ParameterShape parameter, LayerMask? mask, float[]? scales) => file.CheckTensor(
        TensorName(parameter, mask), scales is null ? TensorType.F32 : TensorType.I8, ShapeOf(parameter, mask));

    private static Tensor ReadTensor(SafetensorsReader file, ParameterShape parameter, LayerMask? mask, float[]? scales)
    {
        var (name, shape) = (TensorName(parameter, mask), ShapeOf(parameter, mask));
        var values = scales is null
            ? Scatter(parameter, mask, file.ReadFloats(name, shape))
            : Int8Scales.ToFloats(Scatter(parameter, mask, file.ReadSignedBytes(name, shape)), scales);
        return ModelRules.OfValues(parameter, values) is { } problem ? throw file.Malformed(problem) : new(parameter.Shape, values);
    }

    private static T[] Scatter<T>(ParameterShape parameter, LayerMask? mask, T[] values) =>
        IsMasked(parameter, mask) ? CompactWeights.Scatter(mask!, values) : values;

    private static int[] ShapeOf(ParameterShape parameter, LayerMask? mask) =>
        IsMasked(parameter, mask) ? [(int)mask!.KeptWeights] : parameter.Shape;

    private static string TensorName(ParameterShape parameter, LayerMask? mask) =>
        IsMasked(parameter, mask) ? ValuesName(parameter.Name, mask!) : parameter.Name;

    /// <summary>The size of a step of each filter's weights if they are 8-bit integers; else null.</summary>
    private static float[]? FilterScales(Int8Scales? int8, ParameterShape parameter) =>
        parameter.Role == ParameterRole.Weight ? int8?.Filters.GetValueOrDefault(parameter.Layer) : null;

    private static bool IsMasked(ParameterShape parameter, LayerMask? mask) => mask is not null && parameter.Role == ParameterRole.Weight;

    private static (IReadOnlyDictionary<string, string> Strings, IReadOnlyList<TensorEntry> Tensors) ContentOf(Model model)
    {
        var (strings, tensors) = (ModelMetadata.Write(model), TensorsOf(model));
        return model.Int8 is null ? (strings, tensors) : (PackedFile.Metadata, PackedFile.Pack(strings, tensors));
    }

    /// <summary>The tensors of a model's file, of a network of 8-bit integers those of the file inside.</summary>
    internal static List<TensorEntry> TensorsOf(Model model)
    {
        var tensors = new List<TensorEntry>();
        foreach (var parameter in model.Graph.Parameters)
        {
            var mask = parameter.Role == ParameterRole.Weight ? model.Masks.GetValueOrDefault(parameter.Layer) : null;
            tensors.Add(EntryOf(parameter, mask, model.Parameters[parameter.Name].Data, FilterScales(model.Int8, parameter)));
            if (mask is null) continue;
            var bits = CompactWeights.PackBits(mask.Kept);
            tensors.Add(new(MaskName(parameter.Name, mask.Pattern is null), [bits.Length], bits));
        }

        if (model.Int8 is { } int8) tensors.AddRange(Int8Tensors.Of(int8, model.Graph));
        return tensors;
    }

    private static TensorEntry EntryOf(ParameterShape parameter, LayerMask? mask, float[] values, float[]? scales)
    {
        var (name, shape) = (TensorName(parameter, mask), ShapeOf(parameter, mask));
        if (scales is null) return new(name, shape, Gather(mask, values));
        var integers = Int8Scales.ToIntegers(values, scales);
        return values.AsSpan().SequenceEqual(Int8Scales.ToFloats(integers, scales))
            ? new(name, shape, Gather(mask, integers))
            : throw new ArgumentException($"'{parameter.Name}' has values that are no whole multiples of its scales");
    }

    private static T[] Gather<T>(LayerMask? mask, T[] values) => mask is null ? values : CompactWeights.Gather(mask, values);

    private static LayerMask ReadMask(SafetensorsReader file, ParameterShape weight, UhpPattern? pattern)
    {
        var name = MaskName(weight.Name, pattern is null);
        return CompactWeights.ReadMask(file.Strings, weight, pattern, name, length => file.ReadBytes(name, length));
    }

    private static string ValuesName(string weight, LayerMask mask) => weight + (mask.Pattern is null ? ".sparse_values" : ".uhp_values");

    private static string MaskName(string weight, bool unstructured) => weight + (unstructured ? ".sparse_mask" : ".uhp_mask");
}
