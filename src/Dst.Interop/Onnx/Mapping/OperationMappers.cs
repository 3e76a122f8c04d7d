using Dst.Interop.Onnx.Reading;

namespace Dst.Interop.Onnx.Mapping;

/// <summary>The table from ONNX operations on features to the methods that map them.</summary>
internal static class OperationMappers
{
    /// <summary>Mapper by ONNX operation.</summary>
    public static IReadOnlyDictionary<string, Action<NetworkImport, OnnxNode>> ByName { get; } =
        new Dictionary<string, Action<NetworkImport, OnnxNode>>
        {
            ["Conv"] = OnnxConvolutions.Convolution,
            ["ConvTranspose"] = OnnxConvolutions.Transposed,
            ["BatchNormalization"] = Normalisations.Batch,
            ["LayerNormalization"] = Normalisations.Layer,
            ["MeanVarianceNormalization"] = Normalisations.MeanVariance,
            ["GroupNormalization"] = Normalisations.Group,
            ["InstanceNormalization"] = Normalisations.Group,
            ["LRN"] = Normalisations.LocalResponse,
            ["Gemm"] = Products.Gemm,
            ["MatMul"] = Products.MatMul,
            ["Relu"] = Activations.Relu,
            ["LeakyRelu"] = Activations.LeakyRelu,
            ["PRelu"] = Activations.PRelu,
            ["Clip"] = Activations.Clip,
            ["Sigmoid"] = Activations.Sigmoid,
            ["HardSigmoid"] = Activations.HardSigmoid,
            ["HardSwish"] = Activations.HardSwish,
            ["Tanh"] = Activations.Tanh,
            ["Gelu"] = Activations.Gelu,
            ["Swish"] = Activations.Swish,
            ["Mish"] = Activations.Mish,
            ["Max"] = Activations.Max,
            ["Min"] = Activations.Min,
            [QuantisedFeatures.Pair] = QuantisedFeatures.Map,
            ["Softmax"] = Activations.Softmax,
            ["LogSoftmax"] = Activations.LogSoftmax,
            ["Dropout"] = Activations.Dropout,
            ["Add"] = Arithmetic.Add,
            ["Sum"] = Arithmetic.Sum,
            ["Sub"] = Arithmetic.Subtract,
            ["Mul"] = Arithmetic.Multiply,
            ["Div"] = Arithmetic.Divide,
            ["MaxPool"] = Pools.MaxPool,
            ["AveragePool"] = Pools.AveragePool,
            ["GlobalAveragePool"] = Pools.GlobalAveragePool,
            [NodePatterns.WeightedPool] = Pools.WeightedPool,
            [NodePatterns.StochasticPool] = Pools.StochasticPool,
            [NodePatterns.SpectralPool] = Pools.SpectralPool,
            ["GlobalMaxPool"] = Pools.GlobalMaxPool,
            ["ReduceMean"] = Pools.ReduceMean,
            ["ReduceMax"] = Pools.ReduceMax,
            ["Resize"] = Resizing.Resize,
            ["Upsample"] = Resizing.Resize,
            ["Reshape"] = Views.Reshape,
            ["Flatten"] = Views.Flatten,
            ["Squeeze"] = Views.Squeeze,
            ["Unsqueeze"] = Views.Unsqueeze,
            ["Transpose"] = Views.Transpose,
            ["Identity"] = Views.Identity,
            ["Cast"] = Views.Cast,
            ["Slice"] = Channels.Slice,
            ["Split"] = Channels.Split,
            ["Concat"] = Channels.Concat,
            ["Pad"] = Channels.Pad,
        };
}
