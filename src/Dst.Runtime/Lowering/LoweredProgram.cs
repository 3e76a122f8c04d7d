using Dst.Graph;
using Dst.Runtime.Lowering.Passes;

namespace Dst.Runtime.Lowering;

/// <summary>
/// A network as backends compute it: nodes in the order in which they run, with fused operations and folded normalisations. Vectors,
/// memory layouts and forms of a convolution belong to a backend and are not part of it. Immutable.
/// </summary>
/// <seealso cref="Dst.Runtime.Inference.InferencePlan"/>
public sealed class LoweredProgram
{
    internal LoweredProgram(IReadOnlyList<LoweredNode> nodes, IReadOnlyDictionary<string, LoweredValue> values, string output) =>
        (Nodes, Values, Output) = (nodes, values, output);

    /// <summary>The operations, each after those that write its inputs.</summary>
    public IReadOnlyList<LoweredNode> Nodes { get; }

    /// <summary>Each value that a node reads or writes, by name. The network's input is <see cref="NetworkGraph.InputName"/>.</summary>
    public IReadOnlyDictionary<string, LoweredValue> Values { get; }

    /// <summary>Name of the network's output.</summary>
    public string Output { get; }

    /// <summary>Lowers a model: reads its graph and applies every pass, in this order.</summary>
    /// <param name="model">Network, weights and masks; not changed.</param>
    /// <param name="target">The backend that will run the program.</param>
    /// <param name="dense">Whether masks are left out.</param>
    /// <exception cref="InputException">Scales of a network of integers cannot be expressed.</exception>
    public static LoweredProgram Lower(Model model, LoweringTarget target, bool dense = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(target);
        var rewriter = ModelReader.Read(model, dense);
        DropIdentities.Apply(rewriter);
        FoldBatchNorm.Apply(rewriter);
        FuseAdd.Apply(rewriter);
        FuseBounds.Apply(rewriter);
        DropFlattening.Apply(rewriter, target);
        return model.Int8 is { } scales ? UseInt8.Apply(rewriter.ToProgram(), scales) : rewriter.ToProgram();
    }
}
