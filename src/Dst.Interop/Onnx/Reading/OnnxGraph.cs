namespace Dst.Interop.Onnx.Reading;

/// <summary>An ONNX network as a plain graph with one image input and one output.</summary>
/// <param name="Name">Name of the network.</param>
/// <param name="Input">Name of the input.</param>
/// <param name="InputDims">Four dimensions, the batch first; the batch is 1 if the graph leaves it open.</param>
/// <param name="Output">Name of the output.</param>
/// <param name="Nodes">The nodes on which the output depends, each after its inputs.</param>
/// <param name="Constants">Initialisers that these nodes read, by name.</param>
/// <param name="Metadata">Strings by name.</param>
internal sealed record OnnxGraph(
    string Name, string Input, int[] InputDims, string Output, IReadOnlyList<OnnxNode> Nodes,
    IReadOnlyDictionary<string, ConstantTensor> Constants, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Elements of these initialisers and of constant attributes.</summary>
    public required long Values { get; init; }

    /// <summary>Whether the network takes [N, H, W, C]: before anything else, its input is transposed to [N, C, H, W].</summary>
    public bool IsChannelsLast()
    {
        var value = Input;
        foreach (var reader in Nodes.Where(node => node.Inputs.Contains(value)))
        {
            if (reader.Operation == "Transpose") return reader.Get<long[]>("perm", []) is [0, 3, 1, 2];
            var isOfElements = reader.Operation is "Cast" or "Identity" or "Add" or "Sub" or "Mul" or "Div" or "Pad" or "Clip";
            if (!isOfElements || reader.Outputs.Count == 0) return false;
            value = reader.Outputs[0];
        }

        return false;
    }

    /// <summary>The graph with other nodes, of which those that do not lead to the output are left out.</summary>
    public OnnxGraph With(IReadOnlyList<OnnxNode> nodes) =>
        this with { Nodes = NodeOrder.Sort(nodes, Constants.Keys.Append(Input).ToHashSet(), Output) };
}
