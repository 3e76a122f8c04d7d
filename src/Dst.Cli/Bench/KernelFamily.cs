using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;
using Dst.Training.Networks;

namespace Dst.Cli.Bench;

/// <summary>Layers that <c>bench kernels</c> measures together.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Layers">The layers.</param>
/// <param name="Patterns">Patterns of the masks.</param>
/// <param name="HasUnstructured">Whether layers are also pruned without a pattern.</param>
/// <param name="HasFft">Whether forms in the frequency domain are measured: they lose where kernels are small.</param>
internal sealed record KernelFamily(
    string Name, IReadOnlyList<Conv2dShape> Layers, IReadOnlyList<UhpPattern> Patterns, bool HasUnstructured, bool HasFft)
{
    private static readonly UhpPattern Kernels = new(PruningUnit.Kernel, 16, 16);

    /// <summary>The layers of real networks.</summary>
    public static KernelFamily Networks { get; } = new(
        "networks",
        [.. new[] { "resnet20", "resnet8x4", "vgg8", "aconvnet" }.SelectMany(LayersOf).Distinct()],
        [
            Kernels, new(PruningUnit.Row, 16, 16), new(PruningUnit.Weight, 16, 16), new(PruningUnit.Kernel, 4, 16),
            new(PruningUnit.Weight, 4, 16),
        ],
        HasUnstructured: true, HasFft: false);

    /// <summary>64 channels and kernels of 3 to 31 on maps of 32 and 56, to 64 filters and depthwise.</summary>
    public static KernelFamily Large { get; } = new(
        "large",
        [
            .. from groups in new[] { 1, 64 }
               from side in new[] { 32, 56 }
               from kernel in new[] { 3, 5, 7, 9, 11, 13, 15, 21, 31 }
               select new Conv2dShape(64, side, side, 64, kernel, kernel, 1, kernel / 2, groups),
        ],
        [Kernels], HasUnstructured: false, HasFft: true);

    /// <summary>The 1×1 layers of mobilenetv2.</summary>
    public static KernelFamily Pointwise { get; } = new(
        "pointwise", [.. LayersOf("mobilenetv2").Where(layer => layer.KernelHeight == 1).Distinct()], [Kernels],
        HasUnstructured: false, HasFft: false);

    /// <summary>All families, the usual one first.</summary>
    public static IReadOnlyList<KernelFamily> All { get; } = [Networks, Large, Pointwise];

    private static IEnumerable<Conv2dShape> LayersOf(string network)
    {
        var (input, classes) = Zoo.UsualTask(network);
        var graph = Zoo.Build(network, input, classes);
        return from node in graph.Nodes
               where node.Operation is Conv2dOp
               select ((Conv2dOp)node.Operation).ShapeFor(graph.Shapes[node.Inputs[0]]);
    }
}
