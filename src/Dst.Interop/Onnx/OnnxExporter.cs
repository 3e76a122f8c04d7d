using Dst.Foundations;
using Dst.Graph;
using Dst.Interop.Onnx.Export;
using Dst.Interop.Onnx.Schema;
using Dst.ModelFiles;
using Google.Protobuf;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;
using Dimension = Dst.Interop.Onnx.Schema.TensorShapeProto.Types.Dimension;

namespace Dst.Interop.Onnx;

/// <summary>
/// Writes models as ONNX files of operation set 13, from <c>input</c> [N, C, H, W] to <c>logits</c> [N, classes] for any N. Pruned weights
/// are written as zeros, channels that no layer reads not at all (<see cref="UnreadChannels"/>), and networks of 8-bit integers in the form
/// QDQ (<see cref="RoundingWriter"/>). Masks, class names and normalisation are strings in the file's metadata, which our importer reads.
/// </summary>
/// <example>
/// <code>
/// OnnxExporter.Export("dst.onnx", Model.Load("dst.safetensors"));
/// </code>
/// </example>
public static class OnnxExporter
{
    private const int Opset = 13;
    private const int FileFormat = 7;
    private const string Output = "logits";
    private const string Batch = "N";

    // A protobuf message has less than 2 GiB; 64 MiB are left for names and attributes.
    private const long MaxWeightBytes = int.MaxValue - (64L << 20);

    /// <summary>
    /// Writes <paramref name="model"/> atomically to <paramref name="path"/>. What could not be read back is not written.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The tensors, class names, normalisation, outputs or scales do not fit the graph, or a mask breaks its pattern or is not applied.
    /// </exception>
    /// <exception cref="InputException">The file cannot be written, a value is not finite, or the model is too large for one.</exception>
    public static void Export(string path, Model model)
    {
        ModelRules.CheckWritable(path, model);
        var bytes = sizeof(float) * model.Graph.Parameters.Sum(parameter => parameter.Count);
        if (bytes > MaxWeightBytes)
            throw new InputException(
                $"{path} is not written: its weights would have {bytes} bytes; an ONNX file has at most {MaxWeightBytes}");
        var live = UnreadChannels.Remove(WithoutDeadNodes(model));
        CheckRuns(path, live.Graph);
        AtomicFile.Write(path, ToMessage(live).WriteTo);
    }

    /// <summary>Checks that ONNX Runtime will run a network.</summary>
    private static void CheckRuns(string path, CheckedGraph graph)
    {
        foreach (var node in graph.Nodes)
        {
            if (node.Operation is LocalResponseNormOp { Size: var size } && size % 2 == 0)
                throw new InputException(
                    $"{path} is not written: layer '{node.Name}' normalises over {size} channels, and ONNX Runtime takes odd numbers "
                    + "alone; an odd number was expected, or C source");
        }
    }

    private static ModelProto ToMessage(Model model)
    {
        var graph = new GraphProto { Name = model.Graph.Name };
        var (input, output) = (model.Graph.Input, model.Graph.OutputShape);
        graph.Input.Add(ToValue(NetworkGraph.InputName, input.Channels, input.Height, input.Width));
        graph.Output.Add(ToValue(Output, (int)output.Count));
        var writer = new NodeWriter(model, new(graph, model.Graph.Nodes.Select(node => node.Name)));
        writer.Begin();
        foreach (var node in model.Graph.Nodes) writer.Add(node);
        writer.Finish(Output);
        return new()
        {
            IrVersion = FileFormat,
            ProducerName = OnnxFormat.Producer,
            Graph = graph,
            OpsetImport = { new OperatorSetIdProto { Version = Opset } },
            MetadataProps = { OnnxMetadata.Write(model) },
        };
    }

    /// <summary>The model without nodes that its output does not depend on, and without their parameters and masks.</summary>
    private static Model WithoutDeadNodes(Model model)
    {
        var graph = new CheckedGraph(model.Graph.Definition.LeadingTo(model.Graph.Output.Name));
        return model with
        {
            Graph = graph,
            Parameters = graph.Parameters.ToDictionary(parameter => parameter.Name, parameter => model.Parameters[parameter.Name]),
            Masks = model.Masks.Where(mask => graph.Shapes.ContainsKey(mask.Key)).ToDictionary(),
        };
    }

    private static ValueInfoProto ToValue(string name, params int[] dims) => new()
    {
        Name = name,
        Type = new()
        {
            TensorType = new()
            {
                ElemType = DataType.Float,
                Shape = new() { Dim = { dims.Select(dim => new Dimension { DimValue = dim }).Prepend(new() { DimParam = Batch }) } },
            },
        },
    };
}
