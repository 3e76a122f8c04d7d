using Dst.Runtime.Quantisation;
using Dst.Runtime.Threading;
using Dst.Tests.Autodiff;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;
using Dst.Training.Networks;

namespace Dst.Tests.Masks.Repair;

/// <summary>Halving by one call. That it gives what <c>dst halve</c> gives is tested with the sample program.</summary>
public sealed class HalvingTests : IDisposable
{
    private static readonly Model Dense = RandomGraph.CreateModel(Zoo.Build("resnet8", new(3, 12, 12), 5, 0.5), seed: 3);
    private static readonly CalibrationImages Images = RandomImages(20);

    private readonly WorkerPool _pool = new(1);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Its_options_are_those_of_the_command()
    {
        var recipe = RecipeFile.Parse("the test", "name: test", SettingPresets.HalveWithRepair);
        Assert.Equivalent(recipe.Prune, Halving.Options, strict: true);
    }

    [Fact]
    public void Channels_are_permuted_before_masks_are_chosen()
    {
        var (options, log) = (Halving.Options with { Block = 4, Group = 4 }, new List<string>());
        var halved = Halving.Apply(Dense, Images, options, new(_pool), log.Add);
        var planned = new Pruning(options, MaskKind.Uhp).Prepare(Dense, gradients: null, log: null);
        var expected = NetworkRepair.Apply(planned, options, Images, new(_pool), log: null);
        Assert.Contains(log, line => line.StartsWith("permuted ", StringComparison.Ordinal));
        Assert.All(expected.Model.Parameters, tensor => Assert.Equal(tensor.Value.Data, halved.Model.Parameters[tensor.Key].Data));
        Assert.Equal("first convolution excluded", halved.Plan.Skipped["conv1"]);
    }

    [Fact]
    public void What_cannot_be_halved_is_refused_at_once()
    {
        var quantised = Quantiser.Quantise(Dense, Images.Values, Images.Count).Model;
        AssertRefused("is quantised already; a model of floats was expected", quantised, Halving.Options);
        var planned = new PlannedPruning(quantised, PruningPlan.Create(quantised, new()));
        var error = Assert.Throws<InputException>(() => NetworkRepair.Apply(planned, new(), Images, new(_pool), log: null));
        Assert.Contains("is quantised already", error.Message, StringComparison.Ordinal);
        var halved = PruningPlan.Create(Dense, new()).ApplyTo(Dense);
        AssertRefused("is pruned already (layer 'conv1'); a dense model was expected", halved, Halving.Options);
        AssertRefused("prune.score taylor; one_shot with l1, l2 or obs", Dense, Halving.Options with { Score = PruningScore.Taylor });
        AssertRefused("leaves every layer of network 'resnet8' dense", Dense, Halving.Options with { Exclude = ["*"] });
        Assert.Throws<ArgumentException>(() => Halving.Apply(Dense, CalibrationImages.None, Halving.Options, new(_pool)));
    }

    private void AssertRefused(string words, Model model, PruningOptions options)
    {
        var error = Assert.Throws<InputException>(() => Halving.Apply(model, Images, options, new(_pool)));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private static CalibrationImages RandomImages(int count)
    {
        var random = new Random(1);
        return new([.. Enumerable.Range(0, count * 3 * 12 * 12).Select(_ => random.NextSingle() * 2 - 0.8f)], count);
    }
}
