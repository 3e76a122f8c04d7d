using Dst.Foundations;
using Dst.Graph;
using Dst.Interop.Onnx.Mapping;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx;

/// <summary>Reads ONNX networks for image classification as models (docs/formats.md lists the operations).</summary>
/// <example>
/// <code>
/// var notes = new List&lt;string>(); // what an import says of the network
/// var model = OnnxImporter.Import("teacher.onnx", notes);
/// model.Save("teacher.safetensors");
/// </code>
/// </example>
public static class OnnxImporter
{
    /// <summary>Reads a network.</summary>
    /// <param name="path">The file; external data lies in its folder.</param>
    /// <param name="notes">Takes a sentence about each thing that the model does otherwise than the file; null takes none.</param>
    /// <param name="asFloats">Whether a quantised network becomes one of floats, even if our arithmetic can express it.</param>
    /// <param name="output">Name of the output that gives the scores; null if there is one.</param>
    /// <param name="input">Size of an image, if the file leaves channels, height or width open; null if it does not.</param>
    /// <exception cref="InputException">The file cannot be read, is not legal, or has an operation that is not supported.</exception>
    public static Model Import(
        string path, ICollection<string>? notes = null, bool asFloats = false, string? output = null, FeatureShape? input = null) =>
        Import(path, InputFile.ReadAllBytes(path), notes, asFloats, output, input);

    /// <summary>Reads a network whose file has been read.</summary>
    /// <param name="path">Where the file is, for messages and external data.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="notes">Takes a sentence about each thing that the model does otherwise than the file; null takes none.</param>
    /// <param name="asFloats">Whether a quantised network becomes one of floats, even if our arithmetic can express it.</param>
    /// <param name="output">Name of the output that gives the scores; null if there is one.</param>
    /// <param name="input">Size of an image, if the file leaves channels, height or width open; null if it does not.</param>
    /// <exception cref="InputException">The bytes are not legal, or have an operation that is not supported.</exception>
    public static Model Import(
        string path, byte[] bytes, ICollection<string>? notes = null, bool asFloats = false, string? output = null,
        FeatureShape? input = null)
    {
        var (model, metadata) = Read(path, bytes, notes ?? [], asFloats, output, input);
        return OnnxMetadata.Apply(model, metadata, path);
    }

    private static (Model Model, IReadOnlyDictionary<string, string> Metadata) Read(
        string path, byte[] bytes, ICollection<string> notes, bool asFloats, string? output, FeatureShape? input)
    {
        try
        {
            var graph = OnnxReader.Read(OnnxFile.Parse(bytes), path, output, input);
            var model = ToModel(NodePatterns.Rewrite(graph), notes, asFloats);
            if (!graph.InputDims.Skip(1).SequenceEqual([model.Graph.Input.Channels, model.Graph.Input.Height, model.Graph.Input.Width]))
                notes.Add("the network takes images [N, H, W, C]; the model takes [N, C, H, W]");
            var softmax = FinalSoftmax(graph);
            if (softmax is not null && model.Graph.OutputKind != OutputKind.Probabilities)
                notes.Add("the softmax at the end is left out; the model gives the logits before it");
            else if (softmax == "LogSoftmax")
                notes.Add("the log of the softmax at the end is left out; the model gives the probabilities");
            return (model, graph.Metadata);
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The operation of the softmax that is the output, or is only reshaped or quantised behind; null if there is none.</summary>
    private static string? FinalSoftmax(OnnxGraph graph)
    {
        var value = graph.Output;
        foreach (var node in graph.Nodes.Reverse().Where(node => node.Outputs.Contains(value)))
        {
            if (node.Operation is "Softmax" or "LogSoftmax") return node.Operation;
            if (!Views.ChangesOnlyShape(node) && node.Operation is not ("QuantizeLinear" or "DequantizeLinear")) return null;
            value = node.Inputs[0];
        }

        return null;
    }

    /// <summary>A quantised network stays one if our arithmetic can express it.</summary>
    private static Model ToModel(OnnxGraph graph, ICollection<string> notes, bool asFloats)
    {
        if (!graph.Nodes.Any(node => node is { Domain.Length: 0, Operation: QuantisedFeatures.Pair or "DequantizeLinear" }))
            return NetworkImport.Run(graph);
        var why = "they were asked for";
        if (!asFloats)
        {
            try
            {
                var (model, onBytes, layers, whyFloat) = ToInt8(graph);
                notes.Add($"the network is quantised: {onBytes} of {Phrases.Count(layers, "layer")} with weights compute in 8-bit integers"
                    + (whyFloat is null ? "" : $"; {whyFloat}"));
                return model;
            }
            catch (InputException e)
            {
                why = e.Message;
            }
        }

        var floats = NetworkImport.Run(graph);
        notes.Add($"the network is quantised, and its weights and features became 32-bit floats: {why}");
        return floats;
    }

    // Which values are computed in floats is known when the whole network is read. Those that need bounds are given them then.
    private static (Model Model, int OnBytes, int Layers, string? WhyFloat) ToInt8(OnnxGraph graph)
    {
        var int8 = new Int8Import(new HashSet<string>());
        var model = NetworkImport.Run(graph, int8);
        if (int8.FloatsOf(model) is not { Count: > 0 } floats) return int8.Apply(model);
        int8 = new(floats);
        return int8.Apply(NetworkImport.Run(graph, int8));
    }
}
