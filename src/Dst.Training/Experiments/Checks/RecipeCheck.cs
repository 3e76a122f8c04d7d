using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Starts;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments.Checks;

/// <summary>Checks the keys of a recipe against each other and against the data, before the first arm spends hours.</summary>
internal sealed class RecipeCheck(Recipe recipe, DataSet data, StartNetworks starts)
{
    private readonly IReadOnlyList<Arm> _arms = Arm.NeededBy(recipe);

    /// <summary>The sections by which arms are taught.</summary>
    private IEnumerable<DistillationOptions> Taught => _arms.Select(arm => arm.Distill(recipe)).OfType<DistillationOptions>();

    private string Method => EnumWords.Of(recipe.Prune.Method);

    /// <summary>Checks the recipe.</summary>
    /// <exception cref="InputException">It contradicts itself or the data.</exception>
    public void Check()
    {
        CheckSplits();
        CheckStudent();
        CheckPretraining();
        CheckTrainOptions();
        foreach (var distill in Taught) distill.Check();
        CheckMixing();
        recipe.Data.CheckAugmentation(data.Shape.Channels);
        CheckPruning();
    }

    private void CheckSplits()
    {
        if (!data.HasValidation && recipe.Data.ValidationFrom != ValidationSource.None)
            throw new InputException(
                "data.validation leaves no validation images; expected a larger share, because epochs are chosen on them, or "
                + "data.validation_from none");
        if (data.Test.Count == 0)
            throw new InputException("the data has no test images; expected some, because every arm is tested at its end");
    }

    private void CheckStudent()
    {
        var (teacher, student) = (recipe.Teacher, recipe.Student);
        if (student.Model is not null && teacher.Model is not null && Path.GetFullPath(student.Model) == Path.GetFullPath(teacher.Model))
            throw new InputException(
                $"teacher.model and student.model are both {student.Model}; "
                + "expected student.is_teacher=true in place of student.model, to prune the teacher itself");
        if (student.From is { } from && _arms.Any(arm => arm.Start == ArmStart.NarrowStudent))
            throw new InputException($"student.from is {from} with the arm half-width; expected other arms, because it is narrower");
        if (student.From is { } other && _arms.Any(arm => arm.IsPrunedFromScratch(recipe)))
            throw new InputException(
                $"student.from is {other} with prune.method {Method}, which trains from scratch; expected one_shot or gradual");
        if (student.Model is { } model && _arms.Any(arm => arm.IsPrunedFromScratch(recipe)) && !_arms.Contains(Arm.Of(ArmNames.StudentKd)))
            throw new InputException(
                $"student.model is {model} with prune.method {Method}, which trains from scratch; "
                + "expected another method, or no student.model");
        if (student.IsTeacher) CheckStudentIsTeacher();
    }

    private void CheckStudentIsTeacher()
    {
        foreach (var (key, path) in new[] { ("model", recipe.Student.Model), ("from", recipe.Student.From) })
        {
            if (path is not null)
                throw new InputException($"student.{key} is {path} while student.is_teacher is true; expected one of them alone");
        }

        foreach (var arm in new[] { ArmNames.Student, ArmNames.StudentKd }.Where(recipe.Arms.Contains))
            throw new InputException(
                $"arms has {arm} while student.is_teacher is true; "
                + "expected arms without student and student-kd, for which the teacher stands");
    }

    private void CheckPretraining()
    {
        var (pretrain, student, teacher) = (recipe.Pretrain, recipe.Student, recipe.Teacher);
        if (!pretrain.IsUsed)
        {
            CheckNoPretraining();
            return;
        }

        var decoder = $"pretrain.decoder is {EnumWords.Of(pretrain.Decoder)}";
        if (IsBegunBy(ArmNames.Pretrain) && student.IsTeacher)
            throw new InputException($"{decoder} while student.is_teacher is true; expected none, because a student is pre-trained");
        if (IsBegunBy(ArmNames.Pretrain) && student.From is { } from)
            throw new InputException($"{decoder} while student.from is {from}; expected one of them, because each starts the student");
        if (IsBegunBy(ArmNames.PretrainTeacher) && teacher.From is { } other)
            throw new InputException(
                $"pretrain.teacher is true while teacher.from is {other}; expected one of them, because each starts the teacher");
        foreach (var phase in _arms.Select(arm => Pretraining.PhaseBefore(arm, recipe, starts)).OfType<TrainingPhase>())
            NetworkMemory.Check(phase.Start.Graph, phase.Options.Batch);
    }

    private bool IsBegunBy(string autoEncoder) => _arms.Any(arm => arm.AutoEncoderIn(recipe) == autoEncoder);

    private void CheckNoPretraining()
    {
        const string none = "with pretrain.decoder none; expected a decoder, such as conv_transpose, or";
        if (recipe.Pretrain.Noise > 0) throw new InputException(Invariant($"pretrain.noise is {recipe.Pretrain.Noise} {none} 0"));
        if (recipe.Pretrain.Teacher) throw new InputException($"pretrain.teacher is true {none} false");
    }

    private void CheckTrainOptions()
    {
        var rewinds = recipe.PruneTrain.Schedule.Kind == ScheduleKind.Rewind;
        if (rewinds && recipe.PruneTrain.Epochs > recipe.Train.Epochs)
            throw new InputException(
                $"prune_train.epochs is {recipe.PruneTrain.Epochs} with prune_train.schedule.kind rewind; "
                + $"expected at most train.epochs, {recipe.Train.Epochs}");
        if (rewinds && recipe.Prune.IsFromScratch)
            throw new InputException(
                $"prune_train.schedule.kind is rewind with prune.method {Method}; expected another form, because it trains from scratch");
        CheckTraining("teacher.train", recipe.Teacher.Train);
        CheckTraining("train", recipe.Train);
        if (recipe.Pretrain.IsUsed) CheckTraining("pretrain.train", recipe.Pretrain.TrainWithoutLabels);
        CheckTraining("prune_train", recipe.TrainAfterPruning);
        if (recipe.Quantise.IsTrained && _arms.Any(arm => arm.Quantises is not null)) CheckTraining("quantise", recipe.Quantise);
    }

    private void CheckTraining(string section, TrainOptions options)
    {
        options.Schedule.Check(section, options.Epochs, data.StepsPerEpoch(options.Batch));
        options.Optimizer.Check();
        if (options.Patience > 0 && !data.HasValidation)
            throw new InputException(
                $"{section}.patience is {options.Patience} with data.validation_from none; expected 0, because no image "
                + "shows an improvement");
        if (options.Batch == 1 && data.Unlabelled.Count > 0)
            throw new InputException($"{section}.batch is 1 with unlabelled images; expected at least 2, one of either kind");
        if (options.ClassWeights == ClassWeighting.Balanced && recipe.Data.Sampling == Sampling.Balanced)
            throw new InputException(
                $"{section}.class_weights is balanced with data.sampling balanced; "
                + "expected one of them, because each makes classes equal");
    }

    private void CheckMixing()
    {
        if (!recipe.Data.IsMixed) return;
        const string mixed = "data.mixup or data.cutmix is not 0";
        foreach (var distill in Taught)
        {
            if (distill.Dkd.Target > 0 || distill.Dkd.NonTarget > 0)
                throw new InputException(
                    $"dkd of distill or distill_pruned has a weight while {mixed}; "
                    + "expected one of them, because DKD needs one class an image");
            if (distill.CacheTeacher)
                throw new InputException(
                    $"cache_teacher of distill or distill_pruned is true while {mixed}; "
                    + "expected false, because the teacher must see the mixed images");
        }
    }

    private void CheckPruning()
    {
        var prune = recipe.Prune;
        prune.Check();
        if (prune.Permute && recipe.DistillPruned is { LearnsFromTeacher: true, Hints.Weight: > 0 } && !recipe.Student.IsTeacher)
            throw new InputException(
                "prune.permute is true while distill_pruned.hints.weight is not 0; expected one of them alone, "
                + "because hints compare the teacher's channels by their place");
    }
}
