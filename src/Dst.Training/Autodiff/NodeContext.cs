using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Quantisation;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>What nodes are created from and share.</summary>
internal sealed record NodeContext
{
    /// <summary>Names, operations and inputs of all nodes.</summary>
    public required CheckedGraph Graph { get; init; }

    /// <summary>All parameters by name.</summary>
    public required IReadOnlyDictionary<string, Parameter> Parameters { get; init; }

    /// <summary>Nodes whose features are read, and given gradients, from outside of the network.</summary>
    public required IReadOnlyList<string> Exposed { get; init; }

    /// <summary>Largest batch.</summary>
    public required int MaxBatch { get; init; }

    /// <summary>Seed of the dropout masks.</summary>
    public required long Seed { get; init; }

    /// <summary>The scales of those values, by node or input, that are computed as bytes are in inference.</summary>
    public IReadOnlyDictionary<string, ByteScale> Scales { get; init; } = new Dictionary<string, ByteScale>();

    /// <summary>How convolutions are computed.</summary>
    public required ConvolutionForms Forms { get; init; }

    /// <summary>Vector width.</summary>
    public required SimdTier Tier { get; init; }

    /// <summary>The processes that share each batch.</summary>
    public required RankGroup Ranks { get; init; }

    /// <summary>The gradients on their way between them.</summary>
    public required GradientExchange Gradients { get; init; }

    /// <summary>Scratch memory.</summary>
    public required Workspace Workspace { get; init; }

    /// <summary>A parameter of a node, such as its <c>weight</c>.</summary>
    public Parameter ParameterOf(Node node, string name) => Parameters[$"{node.Name}.{name}"];

    /// <summary>A parameter of a node, or null if it has none of that name.</summary>
    public Parameter? FindParameterOf(Node node, string name) => Parameters.GetValueOrDefault($"{node.Name}.{name}");
}
