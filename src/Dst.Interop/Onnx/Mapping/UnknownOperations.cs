using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>What to do about operations that an import cannot read.</summary>
internal static class UnknownOperations
{
    private static readonly Dictionary<string, string> Advice = new()
    {
        ["Attention"] = "is of a transformer; choose a convolutional network",
        ["MultiHeadAttention"] = "is of a transformer; choose a convolutional network",
        ["Einsum"] = "cannot be read; write the product as a convolution or a Gemm",
        ["If"] = "chooses while the network runs; export by tracing",
        ["Loop"] = "repeats while the network runs; export by tracing",
        ["Scan"] = "repeats while the network runs; export by tracing",
        ["NonMaxSuppression"] = "belongs to a detector; export the classifier alone",
        ["Resize"] = "changes the size of a map; export a classifier for a fixed size, without resizing",
        ["Upsample"] = "changes the size of a map; export a classifier for a fixed size, without resizing",
        ["QuantizeLinear"] = "has no DequantizeLinear behind it; quantise in the form QDQ, or export floats",
        ["QLinearConv"] = "computes with integers; quantise in the form QDQ, or export floats",
        ["QLinearMatMul"] = "computes with integers; quantise in the form QDQ, or export floats",
        ["ConvInteger"] = "computes with integers; quantise in the form QDQ, or export floats",
        ["MatMulInteger"] = "computes with integers; quantise in the form QDQ, or export floats",
        ["DynamicQuantizeLinear"] = "computes with integers; quantise in the form QDQ, or export floats",
        ["DequantizeLinear"] = "reads integers that are computed; quantise in the form QDQ, or export floats",
        ["Erf"] = "is read only as a part of GELU; write x · 0.5 · (1 + erf(x / √2))",
        ["Softplus"] = "is read only as a part of Mish; write x · tanh(softplus(x))",
        ["ArgMax"] = "gives the number of the class alone; export the scores that it reads",
        ["TopK"] = "gives the best classes alone; export the scores that it reads",
    };

    /// <summary>
    /// Refuses attention, the product of a softmax and features, before any node is mapped: those around it would be refused for reasons
    /// that say less.
    /// </summary>
    /// <exception cref="InputException">The network has it.</exception>
    public static void RefuseAttention(OnnxGraph graph)
    {
        var (ofImage, weights) = (new HashSet<string> { graph.Input }, new HashSet<string>());
        foreach (var node in graph.Nodes.Where(node => node.Operation != "Shape" && node.Inputs.Any(ofImage.Contains)))
        {
            if (node.Operation == "Attention") throw Refuse(node);
            if (node.Operation == "MatMul" && weights.Contains(node.Inputs[0]) && node.Inputs.Skip(1).Any(ofImage.Contains))
                throw node.Illegal("is the attention of a transformer; choose a convolutional network");
            ofImage.UnionWith(node.Outputs.Where(value => value.Length > 0));
            var isWeights = node.Operation == "Softmax" || node.Operation is "Dropout" or "Cast" && weights.Contains(node.Inputs[0]);
            if (isWeights) weights.UnionWith(node.Outputs);
        }
    }

    /// <summary>The error of a node whose operation cannot be read.</summary>
    public static InputException Refuse(OnnxNode node) => node.Illegal(
        node.Domain.Length > 0 ? $"is of the domain '{node.Domain}'; export standard operations alone, before any optimiser"
        : Advice.GetValueOrDefault(node.Operation, "cannot be read; docs/formats.md lists the operations that can"));
}
