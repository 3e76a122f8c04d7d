using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;

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
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
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

    /// <summary>The tensors of a model's file; of a network of 8-bit integers, those of the file inside.</summary>
    internal static List<TensorEntry> TensorsOf(Model model)
    {
        var tensors = new List<TensorEntry>();
        foreach (var parameter in model.Graph.Parameters)
        {
            var stored = StoredParameter.Of(parameter, model.Masks, model.Int8);
            tensors.Add(stored.ToEntry(model.Parameters[parameter.Name].Data));
            if (stored.Mask is not { } mask) continue;
            var bits = CompactWeights.PackBits(mask.Kept);
            tensors.Add(new(MaskName(parameter, mask.Pattern), [bits.Length], bits));
        }

        if (model.Int8 is { } int8) tensors.AddRange(Int8Tensors.Of(int8, model.Graph));
        return tensors;
    }

    private static (IReadOnlyDictionary<string, string> Strings, IReadOnlyList<TensorEntry> Tensors) ContentOf(Model model)
    {
        var (strings, tensors) = (ModelMetadata.Write(model), TensorsOf(model));
        return model.Int8 is null ? (strings, tensors) : (PackedFile.Metadata, PackedFile.Pack(strings, tensors));
    }

    private static Model Load(SafetensorsReader file)
    {
        ModelMetadata.CheckFormat(file.Strings);
        var graph = ModelMetadata.ReadGraph(file.Strings);
        MemoryLimit.Check(
            sizeof(float) * graph.Parameters.Sum(shape => (double)shape.Count), $"the weights of {file.Path}",
            "a smaller network was expected");
        var masks = ReadMasks(file, graph);
        var int8 = Int8Tensors.Read(file, graph, masks);
        var stored = graph.Parameters.Select(shape => StoredParameter.Of(shape, masks, int8)).ToList();
        foreach (var parameter in stored) parameter.Check(file);
        var needed = stored.Count + masks.Count + (int8 is null ? 0 : Int8Tensors.Count);
        if (needed != file.Tensors.Count) throw file.Malformed($"has {file.Tensors.Count} tensors; its graph needs {needed}");
        var model = new Model(graph, new Dictionary<string, Tensor>())
        {
            Masks = masks,
            Normalisation = ModelMetadata.ReadNormalisation(file.Strings, graph),
            Int8 = int8,
            Outputs = ModelMetadata.ReadOutputs(file.Strings, graph),
            Splits = ModelMetadata.ReadSplits(file.Strings),
        };
        return model with
        {
            ClassNames = ModelMetadata.ReadClassNames(file.Strings, model),
            Parameters = stored.ToDictionary(parameter => parameter.Parameter.Name, parameter => parameter.Read(file)),
        };
    }

    private static Dictionary<string, LayerMask> ReadMasks(SafetensorsReader file, CheckedGraph graph)
    {
        var patterns = ModelMetadata.ReadPatterns(file.Strings, graph);
        return graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight && patterns.ContainsKey(shape.Layer))
            .ToDictionary(shape => shape.Layer, shape => ReadMask(file, shape, patterns[shape.Layer]));
    }

    private static LayerMask ReadMask(SafetensorsReader file, ParameterShape weight, UhpPattern? pattern)
    {
        var name = MaskName(weight, pattern);
        return CompactWeights.ReadMask(file.Strings, weight, pattern, name, length => file.ReadBytes(name, length));
    }

    private static string MaskName(ParameterShape weight, UhpPattern? pattern) =>
        weight.Name + (pattern is null ? ".sparse_mask" : ".uhp_mask");
}
