using System.Text.Json;
using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Training.Autodiff;

/// <summary>
/// How the convolutions of a network are computed in training: as a cost model says, all direct, or each layer as it was measured.
/// A checkpoint keeps it as text: the same forms give the same bits.
/// </summary>
public sealed class ConvolutionForms
{
    private const string EstimatedName = "estimated";
    private const string DirectName = "direct";
    private const int MeasuredSteps = 4; // the first of them warms up

    private readonly string? _name;
    private readonly IReadOnlyDictionary<string, int> _tiles; // Winograd tile by layer, 0 for direct

    private ConvolutionForms(string? name, IReadOnlyDictionary<string, int> tiles) => (_name, _tiles) = (name, tiles);

    /// <summary>What a cost model says, which knows shapes, masks and the tier.</summary>
    public static ConvolutionForms Estimated { get; } = new(EstimatedName, new Dictionary<string, int>());

    /// <summary>No Winograd form: the control for its rounding errors.</summary>
    public static ConvolutionForms Direct { get; } = new(DirectName, new Dictionary<string, int>());

    /// <summary>Times training steps of a network in each form on this machine, and takes each layer's fastest.</summary>
    /// <param name="model">Network and masks; not changed.</param>
    /// <param name="batch">Images in a step.</param>
    /// <param name="compute">Threads and vector width.</param>
    public static ConvolutionForms Measure(Model model, int batch, ComputeContext compute)
    {
        var layers = model.Graph.Nodes.Where(node => node.Operation is Conv2dOp { Groups: 1 }).Select(node => node.Name).ToList();
        var best = layers.ToDictionary(layer => layer, _ => (Tile: 0, Time: TimeSpan.MaxValue));
        foreach (var tile in WinogradSchedule.Tiles.Prepend(0))
        {
            var times = TimeLayers(model, batch, compute, new(null, layers.ToDictionary(layer => layer, _ => tile)));
            foreach (var layer in layers.Where(layer => times[layer] < best[layer].Time)) best[layer] = (tile, times[layer]);
        }

        return new(null, best.ToDictionary(layer => layer.Key, layer => layer.Value.Tile));
    }

    /// <summary>Winograd tile of each measured layer, 0 for direct; null if nothing was measured.</summary>
    public IReadOnlyDictionary<string, int>? Tiles => _name is null ? _tiles : null;

    /// <summary>The inverse of <see cref="ToString"/>.</summary>
    /// <exception cref="InputException">It is no such text.</exception>
    public static ConvolutionForms Parse(string text)
    {
        if (text == EstimatedName) return Estimated;
        if (text == DirectName) return Direct;
        try
        {
            var tiles = JsonSerializer.Deserialize<Dictionary<string, int>>(text) ?? [];
            if (tiles.Values.All(IsTile)) return new(null, tiles);
        }
        catch (JsonException)
        {
            // Refused below, as wrong tiles are.
        }

        throw new InputException($"the forms of convolutions are '{text}'; expected {EstimatedName}, {DirectName} or the tile of each layer, 0 or {string.Join(" or ", WinogradSchedule.Tiles)}");
    }

    /// <summary><c>estimated</c>, <c>direct</c>, or <see cref="Tiles"/> as JSON.</summary>
    public override string ToString() => _name ?? JsonSerializer.Serialize(_tiles);

    internal ConvolutionForm Of(SimdTier tier, string layer, Conv2dShape shape, KeptTaps? kept, int maxBatch) => _name == EstimatedName
        ? ConvolutionForm.Choose(tier, shape, kept, maxBatch)
        : ConvolutionForm.OfTile(tier, shape, _tiles.GetValueOrDefault(layer), maxBatch);

    private static bool IsTile(int tile) => tile == 0 || WinogradSchedule.Tiles.Contains(tile);

    /// <summary>The shortest time of each layer's forward and backward passes in one step.</summary>
    private static Dictionary<string, TimeSpan> TimeLayers(Model model, int batch, ComputeContext compute, ConvolutionForms forms)
    {
        using var network = new TrainingNetwork(model, batch, compute, seed: 0, forms: forms);
        var random = new RandomStream(0, RandomPurpose.Measure);
        var images = new float[batch * model.Graph.Input.Count];
        for (var i = 0; i < images.Length; i++) images[i] = (float)random.NextNormal();
        var gradient = new float[batch * network.Classes];
        gradient.AsSpan().Fill(1f / gradient.Length);
        var best = new Dictionary<string, TimeSpan>();
        for (var step = 0; step < MeasuredSteps; step++)
        {
            network.Times = step == 0 ? null : new();
            network.Forward(images, batch, training: true, step);
            network.Backward(gradient);
            foreach (var layer in network.Times?.Sums.GroupBy(sum => sum.Key.Layer) ?? [])
            {
                var time = TimeSpan.FromTicks(layer.Sum(sum => sum.Value.Ticks));
                if (!best.TryGetValue(layer.Key, out var before) || time < before) best[layer.Key] = time;
            }
        }

        return best;
    }
}
