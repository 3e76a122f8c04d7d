using Dst.Foundations;
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
    /// <exception cref="InputException">The file cannot be read, is not legal, or has an operation that is not supported.</exception>
    public static Model Import(string path, ICollection<string>? notes = null) => Import(path, InputFile.ReadAllBytes(path), notes);

    /// <summary>Reads a network whose file has been read.</summary>
    /// <param name="path">Where the file is, for messages and external data.</param>
    /// <param name="bytes">Its content.</param>
    /// <param name="notes">As above.</param>
    /// <exception cref="InputException">As <see cref="Import(string, ICollection{string})"/>.</exception>
    public static Model Import(string path, byte[] bytes, ICollection<string>? notes = null)
    {
        var (model, metadata) = Map(path, bytes, notes ?? []);
        return OnnxMetadata.Apply(model, metadata, path);
    }

    private static (Model Model, IReadOnlyDictionary<string, string> Metadata) Map(string path, byte[] bytes, ICollection<string> notes)
    {
        try
        {
            var graph = OnnxReader.Read(OnnxFile.Parse(bytes), path);
            var model = NetworkImport.Map(NodePatterns.Rewrite(graph, notes));
            if (!graph.InputDims.Skip(1).SequenceEqual([model.Graph.Input.Channels, model.Graph.Input.Height, model.Graph.Input.Width]))
                notes.Add("the network takes images [N, H, W, C]; the model takes [N, C, H, W]");
            return (model, graph.Metadata);
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {e.Message}", e);
        }
    }
}
