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

    /// <summary>The error of a node whose operation cannot be read.</summary>
    public static InputException Refuse(OnnxNode node) => node.Illegal(
        node.Domain.Length > 0 ? $"is of the domain '{node.Domain}'; export standard operations alone, before any optimiser"
        : Advice.GetValueOrDefault(node.Operation, "cannot be read; docs/formats.md lists the operations that can"));
}
