using Dst.Tests.Foundations;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;

namespace Dst.Tests.Experiments.Checks;

/// <summary>Keys that another key switches off, and other things that a recipe does not say of itself.</summary>
public sealed class IdleKeysTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train.schedule.milestones=[1]", "train.schedule.milestones", "train.schedule.kind cosine; expected step")]
    [InlineData("train.schedule={kind: one_cycle, gamma: 0.5}", "train.schedule.gamma", "train.schedule.kind one_cycle; expected step")]
    [InlineData("train.schedule={kind: step, final_learning_rate: 0.001}", "train.schedule.final_learning_rate", "expected cosine")]
    [InlineData("prune_train.schedule.rising_share=0.5", "prune_train.schedule.rising_share", "expected one_cycle")]
    [InlineData("teacher.train.optimizer.beta1=0.8", "teacher.train.optimizer.beta1", "teacher.train.optimizer.kind sgd; expected adamw")]
    [InlineData("prune_train.optimizer.momentum=0.5", "prune_train.optimizer.momentum", "expected sgd")]
    [InlineData("distill.dkd.warmup_epochs=2", "distill.dkd.warmup_epochs", "distill.dkd.non_target 0; expected one of them above 0")]
    [InlineData("distill.hints.layers=[{teacher: relu, student: relu}]", "distill.hints.layers", "distill.hints.weight 0")]
    [InlineData("distill_pruned={alpha: 0, temperature: 2}", "distill_pruned.temperature", "distill_pruned.alpha 0")]
    [InlineData("prune.gradual.share=0.3", "prune.gradual.share", "prune.method one_shot; expected gradual")]
    [InlineData("prune.sr_ste.decay=0.1", "prune.sr_ste.decay", "expected sr_ste")]
    [InlineData("prune.incremental.stages=2", "prune.incremental.stages", "prune.method one_shot; expected random_channels")]
    [InlineData("prune.incremental.start=0.5", "prune.incremental.start", "prune.incremental.stages 0; expected a value above 0")]
    [InlineData("prune.taylor_batches=3", "prune.taylor_batches", "prune.score l1; expected taylor")]
    [InlineData("prune.calibration.images=9", "prune.calibration.images", "prune.repair none; expected batch_norm or least_squares")]
    [InlineData("prune={repair: batch_norm, calibration: {ridge: 1}}", "prune.calibration.ridge", "expected least_squares")]
    public void A_key_that_another_one_switches_off_is_refused_on_the_command_line_and_told_of_a_file(
        string setting, string key, string reason)
    {
        var recipe = TinyRun.Recipe(_folder.Path, setting);
        var error = Assert.Throws<InputException>(() => IdleKeys.Check([SettingOverride.Parse(setting)], recipe));
        Assert.StartsWith($"setting {setting}: {key} has no effect with ", error.Message);
        Assert.Contains(reason, error.Message);
        IdleKeys.Check([], recipe);
        Assert.Contains(RecipeRemarks.Of(recipe, TinyRun.Load(recipe)), line => line.StartsWith($"recipe: {key} has no effect with"));
    }

    [Fact]
    public void A_verb_that_does_not_read_a_key_says_nothing_of_it()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "prune={gradual: {share: 0.3}, taylor_batches: 3}");
        var remark = Assert.Single(IdleKeys.Remarks(recipe, ["prune.score", "prune.taylor_batches"]));
        Assert.StartsWith("recipe: prune.taylor_batches has no effect with prune.score l1", remark);
    }

    [Theory]
    [InlineData("train.schedule={kind: step, milestones: [1], gamma: 0.5}", "prune_train.schedule.kind=cosine")]
    [InlineData("train.schedule.milestones=[1]", "prune_train.schedule.kind=step")]
    [InlineData("train.optimizer.beta1=0.8")] // prune_train has adamw
    [InlineData("prune_train.schedule.kind=rewind", "prune_train.schedule.final_learning_rate=0.0001")] // has a line of its own
    [InlineData("distill={dkd: {warmup_epochs: 2}}", "distill_pruned={dkd: {target: 1}}")]
    [InlineData("prune.method=gradual", "prune.gradual.share=0.3")]
    [InlineData("arms=[student]", "distill.temperature=2", "distill.alpha=0")]
    [InlineData("prune.gradual.share=0.5")] // the default
    [InlineData("distill_pruned={preset: standardised, alpha: 0, features: 1}")] // temperature is the preset's
    public void A_key_that_has_an_effect_somewhere_is_taken(params string[] settings)
    {
        var recipe = TinyRun.Recipe(_folder.Path, settings);
        IdleKeys.Check(settings.Select(SettingOverride.Parse), recipe);
        Assert.DoesNotContain(RecipeRemarks.Of(recipe, TinyRun.Load(recipe)), line => line.StartsWith("recipe: "));
    }

    [Fact]
    public void Only_a_section_that_an_arm_reads_counts()
    {
        var setting = SettingOverride.Parse("train.optimizer.beta1=0.8"); // prune_train alone has adamw
        var recipe = TinyRun.Recipe(_folder.Path, "train.optimizer.beta1=0.8", "arms=[student]");
        Assert.Throws<InputException>(() => IdleKeys.Check([setting], recipe));
    }

    [Fact]
    public void The_recipe_of_a_run_folder_has_no_idle_keys()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "train.schedule={kind: step, milestones: [1]}", "quantise.epochs=1", "arms=[dst-int8]");
        var read = RecipeFile.Parse("recipe.yaml", RecipeFile.Write(recipe));
        Assert.Empty(IdleKeys.Remarks(read, EffectiveKeys.Of(read)));
    }

    [Fact]
    public void Milestones_that_never_come_are_a_warning()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "train.schedule={kind: step, milestones: [1, 2]}", "arms=[dst]");
        var line = Assert.Single(RecipeRemarks.Of(recipe, TinyRun.Load(recipe)));
        Assert.Equal("warning: prune_train.schedule.milestones 2 never come, because prune_train.epochs is 2", line);
        recipe = TinyRun.Recipe(_folder.Path, "train.schedule.kind=step", "arms=[student]");
        line = Assert.Single(RecipeRemarks.Of(recipe, TinyRun.Load(recipe)));
        Assert.Equal("warning: train.schedule.kind is step without milestones, so the learning rate stays as it is", line);
    }

    [Theory]
    [InlineData("prune={method: gradual, group: 4, gradual: {stages: 4}}", "gradual", 3)] // half of 2 epochs of 3 steps
    [InlineData("prune={method: random_channels, unit: kernel, incremental: {stages: 5}}", "incremental", 4)] // half of 3 of 3
    public void Stages_that_never_come_are_a_warning(string setting, string section, int steps)
    {
        var recipe = TinyRun.Recipe(_folder.Path, setting, "arms=[uhp]");
        Assert.Contains(
            $"warning: prune.{section}.stages is {steps + 1}, and the share 0.5 of the training is {steps} steps, so that some stages "
            + "never come",
            RecipeRemarks.Of(recipe, TinyRun.Load(recipe)));
        recipe = TinyRun.Recipe(_folder.Path, setting, $"prune.{section}.stages={steps}", "arms=[uhp]");
        Assert.DoesNotContain(RecipeRemarks.Of(recipe, TinyRun.Load(recipe)), line => line.Contains("stages", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("pretrain: no arm begins with a fresh student or teacher, so no auto-encoder is trained", "upsample, teacher: true", "uhp")]
    [InlineData("pretrain: no teacher is trained, so none begins from an auto-encoder", "upsample, teacher: true", "student")]
    [InlineData(null, "upsample, teacher: true", "teacher")]
    [InlineData(null, "upsample", "student")]
    public void An_auto_encoder_with_which_no_arm_begins_is_told(string? line, string decoder, string arm)
    {
        string[] given = arm == "uhp" ? ["student.is_teacher=true", "teacher.model=/m"] : [];
        var recipe = TinyRun.Recipe(_folder.Path, [$"pretrain={{decoder: {decoder}}}", $"arms=[{arm}]", .. given]);
        var lines = RecipeRemarks.Of(recipe, TinyRun.Load(recipe)).Where(other => other.StartsWith("pretrain: ", StringComparison.Ordinal));
        Assert.Equal(line is null ? [] : [line], lines);
    }

    [Theory]
    [InlineData("prune.method=sr_ste", true)]
    [InlineData("prune.method=one_shot", false)]
    public void Training_from_scratch_is_told_to_leave_prune_train_out(string setting, bool isTold)
    {
        var recipe = TinyRun.Recipe(_folder.Path, setting, "arms=[uhp, dst]");
        const string line =
            "uhp, dst: trained with the settings of train, not of prune_train, because prune.method sr_ste trains from scratch";
        Assert.Equal(isTold ? [line] : [], RecipeRemarks.Of(recipe, TinyRun.Load(recipe)));
    }

    [Fact]
    public void A_batch_of_all_images_is_told()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "train.batch=500", "prune_train.batch=23", "arms=[dst]");
        Assert.Equal(
            [
                "teacher.train: an epoch is one step, because teacher.train.batch is 500 and there are 24 training images",
                "train: an epoch is one step, because train.batch is 500 and there are 24 training images",
            ],
            RecipeRemarks.Of(recipe, TinyRun.Load(recipe)));
    }

    [Theory]
    [InlineData("parts=16")]
    [InlineData("teacher.model=null")]
    [InlineData("student.model=null")]
    [InlineData("student.model=/m", "arms=[uhp]", "prune.method=sr_ste")] // RecipeCheck says why not
    [InlineData("student.from=null", "arms=[dst]", "student.is_teacher=true")]
    public void A_key_that_a_run_reads_is_taken(string setting, params string[] others)
    {
        var recipe = TinyRun.Recipe(_folder.Path, [setting, .. others]);
        EffectiveKeys.Check([], [SettingOverride.Parse(setting)], recipe, "dst run");
    }
}
