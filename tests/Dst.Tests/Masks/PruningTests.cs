using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Masks;

/// <summary>Pruning in one go: permute, plan, apply.</summary>
public sealed class PruningTests
{
    private readonly Model _model = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), 3, 0.5), seed: 1);

    [Fact]
    public void A_model_is_permuted_planned_and_pruned()
    {
        var options = new PruningOptions { Block = 4, Group = 4, Permute = true };
        var log = new List<string>();
        var planned = new Pruning(options, MaskKind.Uhp).Prepare(_model, gradients: null, log.Add);
        var changes = new List<PermutedChannels>();
        var permuted = ChannelPermuter.Permute(_model, options, gradients: null, changes);
        Assert.NotEmpty(changes);
        Assert.Equal(changes.Select(change => $"permuted {change}"), log);
        AssertSame(permuted, planned.Start);
        AssertSame(PruningPlan.Create(permuted, options).ApplyTo(permuted), planned.Apply());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.25)]
    public void Unstructured_masks_leave_channels_in_their_order(double? keptShare)
    {
        var options = new PruningOptions { Block = 4, Group = 4, Permute = true };
        var pruning = new Pruning(options, MaskKind.Unstructured) { KeptShare = keptShare };
        var planned = pruning.Prepare(_model, gradients: null, _ => Assert.Fail("permuted"));
        Assert.Same(_model, planned.Start);
        AssertSame(PruningPlan.CreateUnstructured(_model, options, keptShare: keptShare).ApplyTo(_model), planned.Apply());
    }

    private static void AssertSame(Model expected, Model actual)
    {
        Assert.Equal(expected.Masks.Keys, actual.Masks.Keys);
        foreach (var (layer, mask) in expected.Masks) Assert.Equal(mask.Kept, actual.Masks[layer].Kept);
        foreach (var (name, tensor) in expected.Parameters) Assert.Equal(tensor.Data, actual.Parameters[name].Data);
    }
}
