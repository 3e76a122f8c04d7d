using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;

namespace Dst.ModelFiles;

/// <summary>The strings of a model file's <c>__metadata__</c>: a <see cref="Model"/> without its tensors, as JSON.</summary>
internal static class ModelMetadata
{
    private const string Format = "dst-model";
    private const string CheckpointFormat = "dst-checkpoint";
    private const string Version = "1";
    private const string Int8Values = "int8_values";
    private const string Splits = "splits";

    private static readonly JsonSerializerOptions JsonOptions = new(ModelJson.Default.Options)
    {
        TypeInfoResolver = ModelJson.Default.WithAddedModifier(OmitDefaults),
    };

    /// <summary>The strings that describe <paramref name="model"/>.</summary>
    public static Dictionary<string, string> Write(Model model)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["version"] = Version,
            ["graph"] = WriteJson(model.Graph.Definition),
            ["masks"] = WriteJson(model.Masks.ToDictionary(mask => mask.Key, mask => mask.Value.PatternName)),
            ["class_names"] = WriteJson(model.ClassNames.ToArray()),
            ["outputs"] = EnumWords.Of(model.Outputs),
        };
        if (model.Normalisation is { } normalisation) metadata["normalisation"] = WriteJson(normalisation);
        if (model.Int8 is { } int8) metadata[Int8Values] = WriteJson(int8.Values.Keys.ToArray());
        if (model.Splits is { } splits) metadata[Splits] = WriteJson(splits);
        return metadata;
    }

    /// <summary>Fails unless the file is a model of the version that this code reads.</summary>
    public static void CheckFormat(MetadataStrings file)
    {
        if (!file.Values.ContainsKey("format"))
            throw file.Malformed("is a safetensors file of tensors without a network; a model file was expected, which dst import makes");
        var format = file.Read("format");
        if (format == CheckpointFormat)
            throw file.Malformed("is the checkpoint of a run that was stopped, not a model; dst run --resume FOLDER goes on with the run");
        if (format != Format) throw file.Malformed($"has the format '{format}'; '{Format}' was expected");
        var version = file.Read("version");
        if (version != Version) throw file.Malformed($"has the version '{version}'; '{Version}' was expected");
    }

    /// <summary>Reads and checks the graph.</summary>
    public static CheckedGraph ReadGraph(MetadataStrings file)
    {
        var graph = ReadJson<NetworkGraph>(file, "graph");
        foreach (var node in graph.Nodes)
        {
            // The serialiser checks every property, but not the elements of lists.
            if (node is null || node.Inputs.Any(input => input is null)) throw file.Malformed("has a graph with a null node or input");
        }

        try
        {
            return new(graph);
        }
        catch (InputException e)
        {
            throw file.Malformed(e.Message, e);
        }
    }

    /// <summary>The pattern of each pruned layer, which must be a convolution; null stands for an unstructured mask.</summary>
    public static Dictionary<string, UhpPattern?> ReadPatterns(MetadataStrings file, CheckedGraph graph)
    {
        var patterns = new Dictionary<string, UhpPattern?>();
        foreach (var (layer, text) in ReadJson<Dictionary<string, string>>(file, "masks"))
        {
            if (ModelRules.OfMaskedLayer(layer, graph) is { } problem) throw file.Malformed(problem);
            try
            {
                patterns[layer] = text == LayerMask.Unstructured ? null : UhpPattern.Parse(text ?? "null");
            }
            catch (InputException e)
            {
                throw file.Malformed($"layer '{layer}': {e.Message}, nor '{LayerMask.Unstructured}'", e);
            }
        }

        return patterns;
    }

    /// <summary>What the outputs are. A file that does not say it means what the end of the graph says.</summary>
    public static OutputKind ReadOutputs(MetadataStrings file, CheckedGraph graph)
    {
        if (!file.Values.TryGetValue("outputs", out var word)) return graph.OutputKind;
        if (EnumWords.Find<OutputKind>(word) is { } outputs && graph.AllowsOutputs(outputs)) return outputs;
        throw file.Malformed(
            $"has the outputs '{word}'; {Phrases.Choice(EnumWords.All<OutputKind>())} was expected, which the end of its network allows");
    }

    /// <summary>Class names.</summary>
    /// <param name="file">The strings.</param>
    /// <param name="model">The model that gets the names.</param>
    public static string[] ReadClassNames(MetadataStrings file, Model model)
    {
        var names = ReadJson<string[]>(file, "class_names");
        return ModelRules.OfClassNames(names, model) is { } problem ? throw file.Malformed(problem) : names;
    }

    /// <summary>Names of the values that are held in bytes. Null if there is no list of them.</summary>
    public static string[]? ReadInt8Values(MetadataStrings file, CheckedGraph graph)
    {
        if (!file.Values.ContainsKey(Int8Values)) return null;
        var names = ReadJson<string[]>(file, Int8Values);
        return ModelRules.OfInt8Values(names, graph) is { } problem ? throw file.Malformed(problem) : names;
    }

    /// <summary>Input normalisation, or null if there is none.</summary>
    public static InputNormalisation? ReadNormalisation(MetadataStrings file, CheckedGraph graph)
    {
        if (!file.Values.ContainsKey("normalisation")) return null;
        var normalisation = ReadJson<InputNormalisation>(file, "normalisation");
        return ModelRules.OfNormalisation(normalisation, graph) is { } problem ? throw file.Malformed(problem) : normalisation;
    }

    /// <summary>The splits of the data of its training, or null if they are not known.</summary>
    public static DataSplits? ReadSplits(MetadataStrings file) =>
        file.Values.ContainsKey(Splits) ? ReadJson<DataSplits>(file, Splits) : null;

    // Attributes with their default value are left out, which keeps the header small.
    private static void OmitDefaults(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: true } parameter)
                property.ShouldSerialize = (_, value) => !Equals(value, parameter.DefaultValue);
        }
    }

    private static string WriteJson<T>(T value) => JsonSerializer.Serialize(value, TypeInfo<T>());

    // By its type, so that a program compiled ahead of time has the code for it.
    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)JsonOptions.GetTypeInfo(typeof(T));

    private static T ReadJson<T>(MetadataStrings file, string key)
    {
        try
        {
            return JsonSerializer.Deserialize(file.Read(key), TypeInfo<T>())
                ?? throw file.Malformed($"has null for '{key}' in its metadata");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            // NotSupportedException: an operation without its "op".
            throw file.Malformed($"has metadata '{key}' that cannot be understood: {JsonProblem.Describe(e)}", e);
        }
    }
}
