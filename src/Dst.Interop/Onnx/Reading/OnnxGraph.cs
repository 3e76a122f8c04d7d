namespace Dst.Interop.Onnx.Reading;

/// <summary>An ONNX network as a plain graph with one image input and one output.</summary>
/// <param name="Name">Name of the network.</param>
/// <param name="Opset">Version of the operation set.</param>
/// <param name="Input">Name of the input.</param>
/// <param name="InputDims">[N, C, H, W]; N is 1 if the graph leaves it open.</param>
/// <param name="Output">Name of the output.</param>
/// <param name="Nodes">The nodes on which the output depends, each after its inputs.</param>
/// <param name="Constants">Initialisers by name.</param>
/// <param name="Metadata">Strings by name.</param>
internal sealed record OnnxGraph(
    string Name, int Opset, string Input, int[] InputDims, string Output, IReadOnlyList<OnnxNode> Nodes,
    IReadOnlyDictionary<string, ConstantTensor> Constants, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Elements of all initialisers and constant attributes.</summary>
    public required long Values { get; init; }
}
