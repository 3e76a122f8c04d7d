using Dst.Foundations;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments.Checks;

/// <summary>What a recipe means for its data where its keys do not say so themselves.</summary>
/// <seealso cref="Dst.Training.Experiments.Recipes.RecipeFile"/>
public static class RecipeRemarks
{
    /// <summary>The remarks, a line each.</summary>
    /// <param name="recipe">A recipe that has passed all checks.</param>
    /// <param name="data">Its data.</param>
    public static IEnumerable<string> Of(Recipe recipe, DataSet data)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(data);
        if (!data.HasValidation)
            yield return "data: no image is held back: the last epoch is kept, and what is called validation is measured on the training "
                + "images";
        if (recipe.Student.IsTeacher) yield return "student: the teacher itself; other keys of student have no effect";
        if (OfPretraining(recipe) is { } pretraining) yield return pretraining;
        if (recipe.PruneTrain.Schedule.Kind == ScheduleKind.Rewind)
            yield return $"prune_train: learning rates of the last {recipe.PruneTrain.Epochs} of train's "
                + $"{Phrases.Count(recipe.Train.Epochs, "epoch")}; other keys of prune_train.schedule have no effect";
        if (OfTrainingFromScratch(recipe) is { } scratch) yield return scratch;
        if (OfStages(recipe, data) is { } stages) yield return stages;
        foreach (var remark in IdleKeys.Remarks(recipe, EffectiveKeys.Of(recipe))) yield return remark;
        foreach (var (section, train) in TrainedBy(recipe))
        {
            if (OfMilestones(section, train) is { } milestones) yield return milestones;
            if (OfBatch(section, train, data) is { } batch) yield return batch;
        }
    }

    /// <summary>The sections that train an arm of a recipe.</summary>
    private static IEnumerable<(string Section, TrainOptions Options)> TrainedBy(Recipe recipe)
    {
        var used = Arm.NeededBy(recipe).Where(arm => arm.Given(recipe) is null).Select(arm => arm.TrainIn(recipe)).ToList();
        (string Section, TrainOptions Options)[] sections =
        [
            ("teacher.train", recipe.Teacher.Train), ("train", recipe.Train), ("prune_train", recipe.PruneTrain),
            ("quantise", recipe.Quantise),
        ];
        return sections.Where(section => section.Options.Epochs > 0 && used.Any(train => ReferenceEquals(train, section.Options)));
    }

    /// <summary>Says which auto-encoders are not trained: a verb may make fewer arms than the recipe is for.</summary>
    private static string? OfPretraining(Recipe recipe)
    {
        if (!recipe.Pretrain.IsUsed) return null;
        var used = Arm.NeededBy(recipe).Select(arm => arm.AutoEncoderIn(recipe)).ToHashSet();
        return used.All(name => name is null)
            ? "pretrain: no arm begins with a fresh student or teacher, so no auto-encoder is trained"
            : recipe.Pretrain.Teacher && !used.Contains(ArmNames.PretrainTeacher)
            ? "pretrain: no teacher is trained, so none begins from an auto-encoder"
            : null;
    }

    /// <summary>Says which arms do not read <c>prune_train</c>, where it says something else than <c>train</c>.</summary>
    private static string? OfTrainingFromScratch(Recipe recipe)
    {
        var values = RecipeFile.KeysOfResults(recipe);
        var differs = values.Any(key => key.Key.StartsWith("prune_train.", StringComparison.Ordinal)
            && key.Key != "prune_train.schedule.restarts" // is not inherited
            && key.Value != values[key.Key["prune_".Length..]]);
        var arms = Arm.NeededBy(recipe).Where(arm => arm.IsPrunedFromScratch(recipe)).Select(arm => arm.Name).ToList();
        return differs && arms.Count > 0
            ? $"{string.Join(", ", arms)}: trained with the settings of train, not of prune_train, because prune.method "
                + $"{EnumWords.Of(recipe.Prune.Method)} trains from scratch"
            : null;
    }

    /// <summary>Warns of more stages of pruning, or of random connections, than there are steps for them.</summary>
    private static string? OfStages(Recipe recipe, DataSet data)
    {
        var (section, stages, share) = recipe.Prune switch
        {
            { Method: PruningMethod.Gradual, Gradual: var gradual } => ("gradual", gradual.Stages, gradual.Share),
            { IsIncremental: true, Incremental: var incremental } => ("incremental", incremental.Stages, incremental.Share),
            _ => ("", 0, 0),
        };
        if (Arm.NeededBy(recipe).FirstOrDefault(arm => arm.Masks is not null)?.TrainIn(recipe) is not { } train) return null;
        var steps = (long)(share * train.Epochs * data.StepsPerEpoch(train.Batch));
        return stages > steps
            ? Invariant($"warning: prune.{section}.stages is {stages}, and the share {share} of the training is ")
                + $"{Phrases.Count(steps, "step")}, so that some stages never come"
            : null;
    }

    private static string? OfMilestones(string section, TrainOptions train)
    {
        if (train.Schedule.Kind != ScheduleKind.Step) return null;
        var late = train.Schedule.Milestones.Where(milestone => milestone >= train.Epochs).ToList();
        return late.Count > 0
            ? $"warning: {section}.schedule.milestones {string.Join(", ", late)} never come, because {section}.epochs is {train.Epochs}"
            : train.Schedule.Milestones.Count > 0 ? null
            : $"warning: {section}.schedule.kind is step without milestones, so the learning rate stays as it is";
    }

    private static string? OfBatch(string section, TrainOptions train, DataSet data) => data.StepsPerEpoch(train.Batch) > 1 ? null
        : $"{section}: an epoch is one step, because {section}.batch is {train.Batch} and there are "
            + Phrases.Count(data.Training.Count + data.Unlabelled.Count, "training image");
}
