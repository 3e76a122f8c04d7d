using Dst.Masks;
using Dst.ModelFiles;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Tests.Foundations;
using Dst.Training.Engine;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Masks;

public sealed class MaskLifeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("kernel:16:2")]
    [InlineData("kernel:32:16")]
    [InlineData("kernel:4:4")]
    [InlineData("row:16:6:4")]
    [InlineData("weight:8:6")]
    [InlineData("unstructured")]
    public void A_model_saved_pruned_saved_loaded_finetuned_and_saved_keeps_its_mask_bit_for_bit(string pattern)
    {
        var recipe = TinyRun.Recipe("unused");
        var data = TinyRun.Load(recipe);
        var dense = SaveAndLoad(Initialiser.Initialise(Zoo.Build("resnet8", data.Shape, 3, 0.5), 1));
        var plan = pattern == "unstructured"
            ? PruningPlan.CreateUnstructured(dense, new())
            : PruningPlan.Create(dense, new() { Pattern = UhpPattern.Parse(pattern) });
        var pruned = plan.ApplyTo(dense);
        var loaded = SaveAndLoad(pruned);
        using var pool = new WorkerPool(1);
        using var trainer = new Trainer(new("dst", loaded, recipe.Train with { Epochs = 2 }), data, new(pool), seed: 1);
        var tuned = SaveAndLoad(trainer.Run().Model);

        Assert.NotEmpty(pruned.Masks);
        Assert.Equal(pruned.Masks.Keys.Order(), tuned.Masks.Keys.Order());
        foreach (var (layer, mask) in pruned.Masks)
        {
            Assert.Equal(mask.Pattern, tuned.Masks[layer].Pattern);
            Assert.Equal(mask.Kept, tuned.Masks[layer].Kept);
            var (before, after) = (pruned.Parameters[$"{layer}.weight"].Data, tuned.Parameters[$"{layer}.weight"].Data);
            Assert.NotEqual(before, after);
            var masked = (float[])after.Clone();
            mask.Apply(masked);
            Assert.Equal(masked, after);
        }
    }

    private Model SaveAndLoad(Model model)
    {
        ModelFile.Save(_folder.File("model.safetensors"), model);
        return Model.Load(_folder.File("model.safetensors"));
    }
}
