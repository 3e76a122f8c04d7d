using Dst.Foundations;
using Dst.Graph;
using Dst.Interop.Onnx.Schema;
using Dst.Masks;
using Dst.ModelFiles;

namespace Dst.Interop.Onnx;

/// <summary>
/// What ONNX has no place for, as strings in the metadata of the file: masks, class names, input normalisation and the splits of the data.
/// </summary>
internal static class OnnxMetadata
{
    // Without the graph: the file has its own.
    private static readonly string[] Keys = ["masks", "class_names", "normalisation", "outputs", "splits"];

    /// <summary>The strings that describe <paramref name="model"/>.</summary>
    public static IEnumerable<StringStringEntryProto> Write(Model model)
    {
        var strings = ModelMetadata.Write(model).Where(entry => Keys.Contains(entry.Key)).ToDictionary();
        foreach (var (layer, mask) in model.Masks)
            strings[OnnxFormat.MaskPrefix + layer] = Convert.ToBase64String(CompactWeights.PackBits(mask.Kept));
        return strings.Select(entry => new StringStringEntryProto { Key = OnnxFormat.MetadataPrefix + entry.Key, Value = entry.Value });
    }

    /// <summary>The model with what the file's metadata says of it, if it has any.</summary>
    /// <param name="model">Network and weights.</param>
    /// <param name="metadata">All strings of the file.</param>
    /// <param name="path">The file's name, for messages.</param>
    /// <exception cref="InputException">The metadata is not legal or does not fit the network.</exception>
    public static Model Apply(Model model, IReadOnlyDictionary<string, string> metadata, string path)
    {
        var ours = metadata.Where(entry => entry.Key.StartsWith(OnnxFormat.MetadataPrefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[OnnxFormat.MetadataPrefix.Length..], entry => entry.Value);
        var strings = new MetadataStrings(path, ours);
        var described = model with
        {
            Masks = ours.ContainsKey("masks") ? ReadMasks(model, strings) : model.Masks,
            Normalisation = ModelMetadata.ReadNormalisation(strings, model.Graph),
            Outputs = ReadOutputs(strings, model.Graph),
            Splits = ModelMetadata.ReadSplits(strings),
        };
        return ours.ContainsKey("class_names")
            ? described with { ClassNames = ModelMetadata.ReadClassNames(strings, described) }
            : described;
    }

    /// <summary>
    /// What the outputs are. Where the imported network does not allow what the file says, its own end says it: the importer leaves out a
    /// softmax at the end, and what does nothing.
    /// </summary>
    private static OutputKind ReadOutputs(MetadataStrings strings, CheckedGraph graph) =>
        strings.Values.TryGetValue("outputs", out var word)
        && EnumWords.Find<OutputKind>(word) is { } outputs && !graph.AllowsOutputs(outputs)
            ? graph.OutputKind
            : ModelMetadata.ReadOutputs(strings, graph);

    private static Dictionary<string, LayerMask> ReadMasks(Model model, MetadataStrings strings)
    {
        var masks = new Dictionary<string, LayerMask>();
        var patterns = ModelMetadata.ReadPatterns(strings, model.Graph);
        foreach (var weight in model.Graph.Parameters.Where(parameter => parameter.Role == ParameterRole.Weight))
        {
            if (!patterns.TryGetValue(weight.Layer, out var pattern)) continue;
            var key = OnnxFormat.MaskPrefix + weight.Layer;
            var mask = CompactWeights.ReadMask(strings, weight, pattern, key, length => ReadBits(strings, key, length));
            masks[weight.Layer] = mask;
            var values = model.Parameters[weight.Name].Data;
            var row = values.Length / weight.Shape[0];
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] != 0 && !mask.Keeps(i / row, i % row))
                    throw strings.Malformed(
                        Invariant($"layer '{weight.Layer}' has a weight of {values[i]} that its mask prunes; 0 was expected"));
            }
        }

        return masks;
    }

    private static byte[] ReadBits(MetadataStrings strings, string key, int length)
    {
        var text = strings.Read(key);
        var bits = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bits, out var written) || written != length)
            throw strings.Malformed($"has '{key}' in its metadata, which is not base64 of {length} bytes");
        return bits[..length];
    }
}
