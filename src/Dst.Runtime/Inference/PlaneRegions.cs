using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>Which values a layer that computes by tile keeps as planes, <see cref="MapLayout.Planes"/>.</summary>
/// <param name="Input">What it reads.</param>
/// <param name="Residual">What it adds.</param>
/// <param name="Output">What it writes.</param>
internal readonly record struct PlaneUse(bool Input, bool Residual, bool Output)
{
    /// <summary>What tells layers with other planes apart in the cache.</summary>
    public string Suffix => (Input ? ", planes in" : "") + (Residual ? ", planes added" : "") + (Output ? ", planes out" : "");
}

/// <summary>A convolution that can compute by tile.</summary>
/// <param name="Node">The layer.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="CanWrite">Whether it can write planes.</param>
/// <param name="Planes">Which of its values are planes if its neighbours compute by tile too.</param>
internal sealed record TileLayer(LoweredNode Node, Conv2dShape Shape, bool CanWrite, PlaneUse Planes);

/// <summary>
/// Neighbouring convolutions that can keep the values between them as planes. A value can be planes if the layer that writes it and all
/// that read it compute by tile.
/// </summary>
/// <param name="program">The network.</param>
/// <param name="tier">Vector width.</param>
/// <param name="lossOf">
/// Time that a layer takes by tile more than in its fastest other form: below 0 if it is faster, infinite if it cannot compute by tile.
/// </param>
internal sealed class PlaneRegions(LoweredProgram program, SimdTier tier, Func<TileLayer, double> lossOf)
{
    /// <summary>The layers that compute by tile for their neighbours, with the values that they keep as planes.</summary>
    public IReadOnlyList<TileLayer> Choose() => Choose(Candidates()).Layers;

    /// <summary>The regions of the program, each of two layers or more in the order in which they run.</summary>
    public IEnumerable<IReadOnlyList<TileLayer>> Find() => Find(Candidates());

    /// <summary>
    /// Of each region all layers, or those that are chosen among the layers that are not slower by tile, whichever saves more time. If
    /// neither does, none.
    /// </summary>
    private (List<TileLayer> Layers, double Loss) Choose(List<TileLayer> among)
    {
        var (chosen, sum) = (new List<TileLayer>(), 0.0);
        foreach (var region in Find(among))
        {
            var losses = region.Select(lossOf).ToList();
            var faster = region.Where((_, i) => losses[i] <= 0).ToList();
            var parts = faster.Count == region.Count ? ([], 0) : Choose(faster);
            var better = losses.Sum() < parts.Loss ? (Layers: region, Loss: losses.Sum()) : parts;
            chosen.AddRange(better.Layers);
            sum += better.Loss;
        }

        return (chosen, sum);
    }

    private IEnumerable<List<TileLayer>> Find(List<TileLayer> among)
    {
        var planes = ValuesThatCanBePlanes(among);
        var left = among.ConvertAll(layer => layer with { Planes = UseOf(layer.Node, planes) });
        left.RemoveAll(layer => layer.Planes == default);
        while (left.Count > 0)
        {
            var region = RegionOf(left[0], left, planes);
            yield return region;
            left.RemoveAll(region.Contains);
        }
    }

    private List<TileLayer> Candidates() => [.. program.Nodes.Select(LayerOf).OfType<TileLayer>()];

    /// <summary>A layer and all that it reaches over values that are planes.</summary>
    private static List<TileLayer> RegionOf(TileLayer first, List<TileLayer> layers, HashSet<string> planes)
    {
        List<TileLayer> region = [first];
        for (var count = 0; count < region.Count;)
        {
            count = region.Count;
            var values = region.SelectMany(layer => ValuesOf(layer.Node)).Where(planes.Contains).ToHashSet();
            region = layers.FindAll(layer => ValuesOf(layer.Node).Any(values.Contains));
        }

        return region;
    }

    private TileLayer? LayerOf(LoweredNode node)
    {
        if (node is LoweredDepthwiseNode || node is not { Operation: Conv2dOp convolution, Integers: null }) return null;
        var shape = convolution.ShapeFor(program.Values[node.Inputs[0]].Shape);
        return TileConvolution.ReadsPlanes(tier, shape) ? new(node, shape, TileConvolution.WritesPlanes(tier, shape), default) : null;
    }

    private HashSet<string> ValuesThatCanBePlanes(List<TileLayer> layers)
    {
        HashSet<string> planes = [.. layers.Where(layer => layer.CanWrite).Select(layer => layer.Node.Output)];
        planes.Remove(program.Output);
        foreach (var node in program.Nodes.Except(layers.Select(layer => layer.Node))) planes.ExceptWith(node.Reads);
        // A layer of stride 2 adds planes to planes alone. Each value that is left out may leave out another one.
        var sums = layers.Where(layer => layer.Shape.Stride == 2 && layer.Node.Residual is not null).Select(layer => layer.Node).ToList();
        while (sums.Find(sum => planes.Contains(sum.Residual!) != planes.Contains(sum.Output)) is { } sum)
            planes.ExceptWith([sum.Residual!, sum.Output]);
        return planes;
    }

    private static PlaneUse UseOf(LoweredNode node, HashSet<string> planes) =>
        new(planes.Contains(node.Inputs[0]), node.Residual is { } residual && planes.Contains(residual), planes.Contains(node.Output));

    private static IEnumerable<string> ValuesOf(LoweredNode node) => node.Reads.Append(node.Output);
}
