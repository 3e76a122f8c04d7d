namespace Dst.Interop.Onnx.Reading;

/// <summary>An ONNX network without its protobuf: one image input, one output.</summary>
/// <param name="Name">Name of the network.</param>
/// <param name="Opset">Version of the operations.</param>
/// <param name="Input">Name of the input.</param>
/// <param name="InputDims">[N, C, H, W]; N is 1 if it is known only when the network runs.</param>
/// <param name="Output">Name of the output.</param>
/// <param name="Nodes">Those that the output depends on, each after those whose values it reads.</param>
/// <param name="Constants">Initialisers by name.</param>
/// <param name="Metadata">Strings by name.</param>
internal sealed record OnnxGraph(
    string Name, int Opset, string Input, int[] InputDims, string Output, IReadOnlyList<OnnxNode> Nodes,
    IReadOnlyDictionary<string, ConstantTensor> Constants, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Elements of all initialisers and constant attributes.</summary>
    public required long Values { get; init; }
}
