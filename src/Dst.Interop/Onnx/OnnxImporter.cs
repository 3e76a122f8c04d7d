using Dst.Foundations;
using Dst.Interop.Onnx.Mapping;
using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx;

/// <summary>Reads ONNX networks for image classification as models (docs/formats.md lists the operations).</summary>
public static class OnnxImporter
{
    /// <summary>Reads a network of operation set 7 to 21.</summary>
    /// <param name="path">The file; external data lies in its folder.</param>
    /// <exception cref="InputException">The file cannot be read, is not legal, or has an operation that is not supported.</exception>
    public static Model Import(string path) => Import(path, InputFile.ReadAllBytes(path));

    /// <summary>Reads a network whose file has been read.</summary>
    /// <param name="path">Where the file is, for messages and external data.</param>
    /// <param name="bytes">Its content.</param>
    /// <exception cref="InputException">As <see cref="Import(string)"/>.</exception>
    public static Model Import(string path, byte[] bytes)
    {
        var (model, metadata) = Map(path, bytes);
        return OnnxMetadata.Apply(model, metadata, path);
    }

    private static (Model Model, IReadOnlyDictionary<string, string> Metadata) Map(string path, byte[] bytes)
    {
        try
        {
            var graph = OnnxReader.Read(OnnxFile.Parse(bytes), path);
            return (NetworkImport.Map(graph), graph.Metadata);
        }
        catch (InputException e)
        {
            throw new InputException($"{path}: {e.Message}", e);
        }
    }
}
