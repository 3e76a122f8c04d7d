using System.Text.Json;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Networks;

namespace Dst.Tests.Autodiff;

/// <summary>The forms of convolutions change rounding and speed, nothing else, and survive as text.</summary>
public sealed class ConvolutionFormsTests : IDisposable
{
    private const int Batch = 3;
    private readonly WorkerPool _pool = new(1);
    private readonly Model _model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 13, 12), 5), seed: 1);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [TierData("direct")]
    [TierData("""{"conv1":"winograd4x4","layer1.0.conv1":"winograd2x2","layer2.0.conv1":"winograd2x2"}""")] // the last has stride 2: direct
    [TierData("""{"conv1":"winograd1x4","layer1.0.conv1":"winograd1x8","layer3.0.conv2":"winograd1x4"}""")]
    [TierData("""{"conv1":"fft8","layer1.0.conv1":"fft16","layer1.0.conv2":"fft8","layer3.0.conv2":"fft8"}""")]
    public void Every_form_gives_the_same_gradients_but_for_rounding(SimdTier tier, string forms)
    {
        AssertClose(tier, Gradients(tier, ConvolutionForms.Estimated), Gradients(tier, ConvolutionForms.Parse(forms)));
    }

    [Theory]
    [TierData]
    public void A_depthwise_layer_gives_the_same_gradients_in_the_frequency_domain(SimdTier tier)
    {
        var model = Initialiser.Initialise(Zoo.Build("convmixer", new(3, 13, 12), 5, width: 0.15), seed: 1);
        var forms = ConvolutionForms.Parse("""{"blocks.0.depthwise":"fft24","blocks.2.depthwise":"fft16"}""");
        AssertClose(tier, Gradients(tier, ConvolutionForms.Direct, model), Gradients(tier, forms, model));
    }

    private static void AssertClose(SimdTier tier, float[] expected, float[] actual)
    {
        if (tier != SimdTier.Scalar) Assert.NotEqual(expected, actual); // the scalar tier has one form only
        var largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second - pair.First, -2e-4f * largest, 2e-4f * largest));
    }

    [Theory]
    [TierData]
    public void A_measurement_names_a_form_of_each_convolution_and_text_repeats_it(SimdTier tier)
    {
        var measured = ConvolutionForms.Measure(_model, Batch, new(_pool, tier));
        var convolutions = _model.Graph.Nodes.Where(node => node.Operation is Conv2dOp).Select(node => node.Name);
        Assert.Equal(convolutions, measured.Layers.Keys);
        string[] forms = ["direct", "winograd4x4", "winograd2x2", "winograd1x4", "winograd1x8", "fft8", "fft16"];
        Assert.All(measured.Layers.Values, name => Assert.Contains(name, forms));
        var again = ConvolutionForms.Parse(measured.ToString());
        Assert.Equal(measured.Layers, again.Layers);
        Assert.Equal(Gradients(tier, measured), Gradients(tier, again));
    }

    [Fact]
    public void Tiles_of_older_checkpoints_are_read_as_forms() =>
        Assert.Equal(
            """{"a":"direct","b":"winograd2x2","c":"winograd4x4"}""",
            ConvolutionForms.Parse("""{"a":0,"b":2,"c":4}""").ToString());

    [Fact]
    public void Manifests_name_forms_and_older_ones_are_read()
    {
        var forms = JsonSerializer.Deserialize<ConvolutionForms>("""{"a":0,"b":"winograd4x4"}""");
        Assert.Equal("""{"a":"direct","b":"winograd4x4"}""", JsonSerializer.Serialize(forms));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ConvolutionForms>("""{"a":"fast"}"""));
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("")]
    [InlineData("""{"conv1":5}""")]
    [InlineData("""{"conv1":"4"}""")]
    [InlineData("""{"conv1":null}""")]
    [InlineData("""{"conv1":"depthwise"}""")]
    public void Other_text_is_refused(string text) =>
        Assert.Contains(
            $"convolutions are '{text}'", Assert.Throws<InputException>(() => ConvolutionForms.Parse(text)).Message,
            StringComparison.Ordinal);

    private float[] Gradients(SimdTier tier, ConvolutionForms forms) => Gradients(tier, forms, _model);

    private float[] Gradients(SimdTier tier, ConvolutionForms forms, Model model)
    {
        using var network = new TrainingNetwork(model, Batch, new(_pool, tier), seed: 1, forms: forms);
        var images = Enumerable.Range(0, Batch * (int)model.Graph.Input.Count).Select(i => MathF.Sin(i)).ToArray();
        network.Forward(images, Batch, training: true);
        network.Backward([.. Enumerable.Range(0, Batch * network.Classes).Select(i => MathF.Cos(i))]);
        return [.. network.Parameters.SelectMany(parameter => parameter.Gradient)];
    }
}
