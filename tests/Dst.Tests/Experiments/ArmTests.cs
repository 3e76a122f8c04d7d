using Dst.Training.Experiments;
using Dst.Training.Masks;

namespace Dst.Tests.Experiments;

/// <summary>The table of arms: order, and what each arm needs in a recipe.</summary>
public sealed class ArmTests
{
    [Fact]
    public void Each_arm_comes_after_those_that_it_needs()
    {
        var recipe = TinyRun.Recipe("unused");
        foreach (var (i, arm) in Arm.All.Index())
        {
            Assert.Equal(arm, Arm.Of(arm.Name));
            Assert.All(arm.NeedsIn(recipe), needed => Assert.Contains(needed, Arm.All.Take(i)));
        }
    }

    [Theory]
    [InlineData("teacher", "arms=[teacher]")]
    [InlineData("student", "arms=[student]")]
    [InlineData("teacher half-width", "arms=[half-width]")]
    [InlineData("teacher student-kd uhp", "arms=[uhp]")]
    [InlineData("teacher student-kd dst", "arms=[dst]")]
    [InlineData("student-kd uhp", "arms=[uhp]", "student.model=s")] // nothing is taught
    [InlineData("teacher student-kd dst", "arms=[dst]", "student.model=s")]
    [InlineData("uhp", "arms=[uhp]", "prune.method=sr_ste")] // pruned from scratch
    [InlineData("uhp", "arms=[uhp]", "prune.method=random_channels")]
    [InlineData("teacher student-kd dst", "arms=[dst]", "prune.method=sr_ste")] // the dense student teaches too
    [InlineData("teacher dst", "arms=[dst]", "prune.method=sr_ste", "distill_pruned.teacher=teacher")]
    [InlineData("student-kd dst", "arms=[dst]", "distill_pruned.teacher=dense", "student.model=s")]
    [InlineData("student-kd dst", "arms=[dst]", "distill.alpha=0")] // labels alone
    [InlineData("teacher student-kd dst", "arms=[dst]", "distill.alpha=0", "distill.dist.intra_class=1")]
    [InlineData("student-kd dst", "arms=[dst]", "distill.alpha=0", "distill_pruned.features=1")]
    [InlineData("half-width", "arms=[half-width]", "distill.alpha=0")]
    [InlineData("teacher student-kd dense-longer", "arms=[dense-longer]")]
    [InlineData("teacher uhp dst", "arms=[uhp, dst]", "student.is_teacher=true")]
    [InlineData("teacher student-kd student-int8", "arms=[student-int8]")]
    [InlineData("student-kd student-int8", "arms=[student-int8]", "student.model=s")] // not trained, so not taught
    [InlineData("teacher student-kd student-int8", "arms=[student-int8]", "student.model=s", "quantise.epochs=1")]
    [InlineData("teacher student-kd dst dst-int8", "arms=[dst-int8]", "quantise.epochs=1", "distill_pruned.teacher=dense")]
    [InlineData("teacher student-int8", "arms=[student-int8]", "student.is_teacher=true")]
    public void A_recipe_needs_its_arms_and_those_that_they_start_from_or_learn_from(string expected, params string[] overrides) =>
        Assert.Equal(expected.Split(' '), Arm.NeededBy(TinyRun.Recipe("unused", overrides)).Select(arm => arm.Name));

    [Fact]
    public void Arms_that_are_pruned_from_scratch_are_trained_as_the_student_is()
    {
        var (once, scratch) = (TinyRun.Recipe("unused"), TinyRun.Recipe("unused", "prune.method=sr_ste"));
        foreach (var arm in Arm.All.Where(arm => arm.Masks is not null))
        {
            Assert.Equal((ArmStart.DenseNetwork, once.PruneTrain), (arm.StartIn(once), arm.TrainIn(once)));
            Assert.Equal((ArmStart.Student, scratch.Train), (arm.StartIn(scratch), arm.TrainIn(scratch)));
        }

        Assert.Equal([MaskKind.Unstructured, MaskKind.Uhp, MaskKind.Uhp], Arm.All.Select(arm => arm.Masks).OfType<MaskKind>());
    }
}
