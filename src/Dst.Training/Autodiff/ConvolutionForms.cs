using System.Text.Json;
using System.Text.Json.Serialization;
using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Training.Autodiff;

/// <summary>
/// The forms of a network's convolutions in training: those of the lowest estimated cost, all direct, or each layer's fastest as measured.
/// A checkpoint keeps them as text, because the same forms give the same bits.
/// </summary>
[JsonConverter(typeof(ConvolutionFormsJson))]
public sealed class ConvolutionForms
{
    private const string EstimatedName = "estimated";
    private const int MeasuredSteps = 4; // the first of them warms up

    private readonly string? _name;
    private readonly IReadOnlyDictionary<string, ConvolutionForm> _layers;

    private ConvolutionForms(string? name, IReadOnlyDictionary<string, ConvolutionForm> layers) => (_name, _layers) = (name, layers);

    /// <summary>
    /// The form of the lowest estimated cost, which depends on shapes, masks, the batch and the tier. One-dimensional Winograd forms are
    /// left out: their backward-data pass multiplies dropped rows too. So are FFT forms where there is another Winograd form.
    /// </summary>
    public static ConvolutionForms Estimated { get; } = new(EstimatedName, new Dictionary<string, ConvolutionForm>());

    /// <summary>No Winograd or FFT form: the control for its rounding errors.</summary>
    public static ConvolutionForms Direct { get; } = new(ConvolutionForm.Direct.Name, new Dictionary<string, ConvolutionForm>());

    /// <summary>Name of each measured layer's form; empty if nothing was measured.</summary>
    public IReadOnlyDictionary<string, string> Layers => _layers.ToDictionary(layer => layer.Key, layer => layer.Value.Name);

    /// <summary>The forms to measure. A layer that does not support one is computed in its plain form.</summary>
    private static IEnumerable<ConvolutionForm> Choices => [ConvolutionForm.Direct, .. ConvolutionForm.Winograd, .. ConvolutionForm.Fft];

    /// <summary>Times training steps of a network in each form on this machine, and takes each layer's fastest.</summary>
    /// <param name="model">Network and masks; not changed.</param>
    /// <param name="batch">Images in a step.</param>
    /// <param name="compute">Threads and vector width.</param>
    public static ConvolutionForms Measure(Model model, int batch, ComputeContext compute)
    {
        var layers = model.Graph.Nodes.Where(node => node.Operation is Conv2dOp)
            .ToDictionary(node => node.Name, node => ((Conv2dOp)node.Operation).ShapeFor(model.Graph.Shapes[node.Inputs[0]]));
        var best = layers.ToDictionary(layer => layer.Key, _ => (Form: ConvolutionForm.Direct, Time: TimeSpan.MaxValue));
        foreach (var form in Choices)
        {
            var times = TimeLayers(model, batch, compute, new(null, layers.ToDictionary(layer => layer.Key, _ => form)));
            foreach (var (layer, shape) in layers)
            {
                var hasForm = form == ConvolutionForm.Direct || form.Supports(compute.Tier, shape, kept: null);
                if (hasForm && times[layer] < best[layer].Time) best[layer] = (form, times[layer]);
            }
        }

        return new(null, best.ToDictionary(layer => layer.Key, layer => layer.Value.Form));
    }

    /// <summary>The inverse of <see cref="ToString"/>.</summary>
    /// <exception cref="InputException">The text names no forms.</exception>
    public static ConvolutionForms Parse(string text)
    {
        if (text == EstimatedName) return Estimated;
        if (text == ConvolutionForm.Direct.Name) return Direct;
        try
        {
            var layers = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(text) ?? [];
            var forms = layers.ToDictionary(layer => layer.Key, layer => Choices.FirstOrDefault(form => form.Name == NameIn(layer.Value)));
            if (!forms.ContainsValue(null)) return new(null, forms!);
        }
        catch (JsonException)
        {
            // Refused below, as wrong names are.
        }

        throw new InputException(
            $"the forms of convolutions are '{text}'; expected {EstimatedName}, {ConvolutionForm.Direct} or the form of each layer, "
            + string.Join(" or ", Choices));
    }

    /// <summary><c>estimated</c>, <c>direct</c>, or <see cref="Layers"/> as JSON.</summary>
    public override string ToString() => _name ?? JsonSerializer.Serialize(Layers);

    /// <summary>The form of one layer: as chosen, or the plain one where the layer does not support that.</summary>
    internal ConvolutionForm FormOf(SimdTier tier, string layer, Conv2dShape shape, KeptTaps? kept, int maxBatch)
    {
        var forms = ConvolutionForm.Of(tier, shape, kept).ToList();
        if (_name == EstimatedName)
        {
            var hasWinograd = forms.Exists(form => form is WinogradForm { IsOneDimensional: false });
            return forms.Where(form => form is not WinogradForm { IsOneDimensional: true } && !(hasWinograd && form is FftForm))
                .MinBy(form => form.CostOf(ConvolutionWork.OfTraining(shape, kept, maxBatch)).Total)!;
        }

        return forms.FirstOrDefault(form => form == _layers.GetValueOrDefault(layer)) ?? forms.First();
    }

    /// <summary>The name of a form; older checkpoints have the Winograd tile instead, 0 for direct.</summary>
    private static string? NameIn(JsonElement form) => form.ValueKind switch
    {
        JsonValueKind.String => form.GetString(),
        JsonValueKind.Number when form.TryGetInt32(out var tile) =>
            tile == 0 ? ConvolutionForm.Direct.Name : WinogradForm.NameOf(tile, tile),
        _ => null,
    };

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

/// <summary>Forms in a file of JSON, as <see cref="ConvolutionForms.Parse"/> reads them.</summary>
internal sealed class ConvolutionFormsJson : JsonConverter<ConvolutionForms>
{
    public override ConvolutionForms Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return ConvolutionForms.Parse(JsonElement.ParseValue(ref reader).GetRawText());
        }
        catch (InputException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, ConvolutionForms value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.Layers, options);
}
