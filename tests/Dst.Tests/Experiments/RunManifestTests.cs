using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

public sealed class RunManifestTests
{
    private static readonly DataOptions Chips = new()
    {
        Kind = DataKind.Simulated,
        Simulated = new() { Classes = 2, PerClassTrain = 6, PerClassTest = 2, Size = 16 },
        Validation = 0.5,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)] // the seed draws which images keep their labels
    public void The_hash_of_all_images_depends_on_the_images_and_not_on_the_seed(int labelsPerClass)
    {
        var options = Chips with { LabelsPerClass = labelsPerClass };
        var (one, two) = (Describe(options, seed: 1), Describe(options, seed: 2));
        Assert.NotEqual(one.Data["training"], two.Data["training"]);
        Assert.NotNull(one.ImagesHash);
        Assert.Equal(one.ImagesHash, two.ImagesHash);
        Assert.Equal(16, one.Images.Values.Sum());
        Assert.NotEqual(one.ImagesHash, Describe(options with { Simulated = Chips.Simulated with { Seed = 7 } }, seed: 1).ImagesHash);
    }

    [Fact]
    public void Images_that_the_seed_draws_have_no_hash() =>
        Assert.Null(Describe(Chips with { LabelsPerClass = 1, Others = OtherImages.Dropped }, seed: 1).ImagesHash);

    private static RunManifest Describe(DataOptions options, long seed)
    {
        using var pool = new WorkerPool(1);
        var data = DataSet.Load(options, seed, _ => { });
        return RunManifest.Describe(new ComputeContext(pool), new Recipe { Seed = seed }, DateTime.Now, data);
    }
}
