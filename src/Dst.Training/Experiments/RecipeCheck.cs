using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments;

/// <summary>Checks the recipe for all arms before the first of them spends hours.</summary>
internal sealed class RecipeCheck(Recipe recipe, RunSummary? finished, DataSet data, StartNetworks networks, GivenModels given)
{
    private readonly Recipe _recipe = recipe;
    private readonly IReadOnlyList<Arm> _arms = Arm.NeededBy(recipe);
    private readonly Dictionary<Arm, Network> _networks = [];

    /// <summary>The sections by which arms are taught.</summary>
    private IEnumerable<DistillationOptions> Taught => _arms.Select(arm => arm.Distill?.Invoke(_recipe)).OfType<DistillationOptions>();

    private string Method => Words.Of(_recipe.Prune.Method);

    /// <summary>Checks data, options and networks.</summary>
    /// <exception cref="InputException">They contradict each other.</exception>
    public void Check()
    {
        CheckSplits();
        CheckStudent();
        CheckPretraining();
        CheckTrainOptions();
        foreach (var distill in Taught) distill.Check();
        CheckMixing();
        _recipe.Data.CheckAugmentation(data.Shape.Channels);
        CheckPruning();
        CheckNetworks();
    }

    /// <summary>The arms that are not finished, in their order. Call after <see cref="Check"/>.</summary>
    public IReadOnlyList<PlannedArm> Plan()
    {
        var arms = _arms.Where(arm => finished?.Find(arm.Name) is null).ToList();
        var plan = new List<PlannedArm>();
        foreach (var arm in arms)
        {
            if (PretrainingOf(arm) is { } phase && !plan.Exists(planned => planned.Arm == phase.Arm))
                plan.Add(Plan(phase.Arm, phase.Start.Graph, phase.Options, macsOfTeacher: 0));
            plan.Add(Plan(arm));
        }

        return plan;
    }

    private TrainingPhase? PretrainingOf(Arm arm) => arm.AutoEncoderIn(_recipe) is { } name
        ? Pretraining.PhaseOf(name, _recipe, networks.Create(arm.StartIn(_recipe), log: null))
        : null;

    private PlannedArm Plan(Arm arm)
    {
        var graph = NetworkOf(arm).Graph;
        if (arm.Given(_recipe) is not null)
        {
            var given = NetworkCost.Of(graph);
            return new(arm.Name, graph.Name, given.Weights, given.Macs, Epochs: 0, Steps: 0, Work: 0);
        }

        var teacher = TeacherOf(arm) is { } teaching ? NetworkCost.Of(NetworkOf(teaching).Graph).Macs : 0;
        return Plan(arm.Name, graph, arm.TrainIn(_recipe), teacher);
    }

    private PlannedArm Plan(string name, CheckedGraph graph, TrainOptions options, long macsOfTeacher)
    {
        var cost = NetworkCost.Of(graph);
        var steps = (long)data.StepsPerEpoch(options.Batch) * options.Epochs;
        var perImage = 3.0 * cost.Macs + macsOfTeacher; // forward, backward-data and backward-weight; a teacher forward alone
        return new(name, graph.Name, cost.Weights, cost.Macs, options.Epochs, steps, steps * options.Batch * perImage);
    }

    private void CheckSplits()
    {
        if (!data.HasValidation && _recipe.Data.ValidationFrom != ValidationSource.None)
            throw new InputException(
                "data.validation leaves no validation images; expected a larger share, because epochs are chosen on them, or "
                + "data.validation_from none");
        if (data.Test.Count == 0)
            throw new InputException("the data has no test images; expected some, because every arm is tested at its end");
    }

    private void CheckStudent()
    {
        var (teacher, student) = (_recipe.Teacher, _recipe.Student);
        if (student.Model is not null && teacher.Model is not null && Path.GetFullPath(student.Model) == Path.GetFullPath(teacher.Model))
            throw new InputException(
                $"teacher.model and student.model are both {student.Model}; "
                + "expected student: {is_teacher: true} to prune the teacher itself");
        if (student.From is { } from && _arms.Any(arm => arm.Start == ArmStart.NarrowStudent || arm.IsPrunedFromScratch(_recipe)))
            throw new InputException(
                $"student.from is {from} with the arm half-width or prune.method {Method}; expected arms and a method that go on from it");
        if (student.Model is { } model && _arms.Any(arm => arm.IsPrunedFromScratch(_recipe)) && !_arms.Contains(Arm.Of(ArmNames.StudentKd)))
            throw new InputException(
                $"student.model is {model} with prune.method {Method}, which trains from scratch; "
                + "expected another method, or no student.model");
        if (!student.IsTeacher) return;
        foreach (var (key, path) in new[] { ("model", student.Model), ("from", student.From) })
        {
            if (path is not null)
                throw new InputException($"student.{key} is {path} while student.is_teacher is true; expected one of them alone");
        }

        foreach (var arm in new[] { ArmNames.Student, ArmNames.StudentKd }.Where(_recipe.Arms.Contains))
            throw new InputException(
                $"arms has {arm} while student.is_teacher is true; "
                + "expected arms without student and student-kd, for which the teacher stands");
    }

    private void CheckPretraining()
    {
        var (pretrain, student, teacher) = (_recipe.Pretrain, _recipe.Student, _recipe.Teacher);
        if (!pretrain.IsUsed)
        {
            const string none = "with pretrain.decoder none; expected a decoder, such as conv_transpose, or";
            if (pretrain.Noise > 0) throw new InputException($"pretrain.noise is {pretrain.Noise} {none} 0");
            if (pretrain.Teacher) throw new InputException($"pretrain.teacher is true {none} false");
            return;
        }

        var decoder = $"pretrain.decoder is {Words.Of(pretrain.Decoder)}";
        if (student.IsTeacher)
            throw new InputException($"{decoder} while student.is_teacher is true; expected none, because a student is pre-trained");
        if (student.From is { } from)
            throw new InputException($"{decoder} while student.from is {from}; expected one of them, because each starts the student");
        if (!_arms.Any(arm => arm.AutoEncoderIn(_recipe) == ArmNames.Pretrain))
            throw new InputException($"{decoder}, and no arm begins with the student; expected none, or the arm student or student-kd");
        if (pretrain.Teacher && teacher.From is { } other)
            throw new InputException(
                $"pretrain.teacher is true while teacher.from is {other}; expected one of them, because each starts the teacher");
        if (pretrain.Teacher && !_arms.Any(arm => arm.AutoEncoderIn(_recipe) == ArmNames.PretrainTeacher))
            throw new InputException("pretrain.teacher is true, and no teacher is trained; expected false, or an arm that has a teacher");
        foreach (var phase in _arms.Select(PretrainingOf).OfType<TrainingPhase>())
            NetworkMemory.Check(phase.Start.Graph, phase.Options.Batch);
    }

    private void CheckTrainOptions()
    {
        if (_recipe.PruneTrain.Schedule.Kind == ScheduleKind.Rewind && _recipe.PruneTrain.Epochs > _recipe.Train.Epochs)
            throw new InputException(
                $"prune_train.epochs is {_recipe.PruneTrain.Epochs} with prune_train.schedule.kind rewind; "
                + $"expected at most train.epochs, {_recipe.Train.Epochs}");
        if (_recipe.PruneTrain.Schedule.Kind == ScheduleKind.Rewind && _recipe.Prune.IsFromScratch)
            throw new InputException(
                $"prune_train.schedule.kind is rewind with prune.method {Method}; expected another form, because it trains from scratch");
        CheckTraining("teacher.train", _recipe.Teacher.Train);
        CheckTraining("train", _recipe.Train);
        if (_recipe.Pretrain.IsUsed) CheckTraining("pretrain.train", _recipe.Pretrain.TrainWithoutLabels);
        CheckTraining("prune_train", _recipe.TrainAfterPruning);
        if (_recipe.Quantise.IsTrained && _arms.Any(arm => arm.Quantises is not null)) CheckTraining("quantise", _recipe.Quantise);
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
        if (options.ClassWeights == ClassWeighting.Balanced && _recipe.Data.Sampling == Sampling.Balanced)
            throw new InputException(
                $"{section}.class_weights is balanced with data.sampling balanced; "
                + "expected one of them, because each makes classes equal");
    }

    private void CheckMixing()
    {
        if (!_recipe.Data.IsMixed) return;
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
        var prune = _recipe.Prune;
        prune.Check();
        if (prune.Permute && _recipe.DistillPruned is { LearnsFromTeacher: true, Hints.Weight: > 0 } && !_recipe.Student.IsTeacher)
            throw new InputException(
                "prune.permute is true while distill_pruned.hints.weight is not 0; expected one of them alone, "
                + "because hints compare the teacher's channels by their place");
    }

    private void CheckNetworks()
    {
        foreach (var arm in _arms.Where(arm => finished?.Find(arm.Name) is null))
        {
            var network = NetworkOf(arm);
            if (arm.Given(_recipe) is not null) continue;
            if (arm.Quantises is not null) CheckQuantised(network.Graph);
            if (network.IsPruned && arm.StartIn(_recipe) == ArmStart.BestStudent) CheckPruned(arm);
            else if (arm.Masks is not null) PruningPlan.CheckPrunesAny($"'{network.Graph.Name}'", network.Graph, _recipe.Prune);
            if (arm.Start == ArmStart.NarrowStudent) CheckNarrow();
            NetworkMemory.Check(network.Graph, arm.TrainIn(_recipe).Batch);
            if (TeacherOf(arm) is not { } teaching || arm.Distill?.Invoke(_recipe) is not { } distill) continue;
            var teacher = NetworkOf(teaching);
            InputChange.Between(network.Inputs, teacher.Inputs, data.Shape, $"teacher '{teacher.Graph.Name}'");
            LossTerms.CheckLayers(distill, teacher.Graph, network.Graph);
            LossTerms.CheckBlocks(distill, network.Graph);
        }

        var isGiven = Arm.BestStudentOf(_recipe).Given(_recipe) is not null || _recipe.Student.From is not null;
        if (!isGiven && _arms.Any(arm => arm.Start != ArmStart.Teacher)) networks.Build(ArmStart.NarrowStudent);
    }

    /// <summary>Checks that a layer is left to quantise.</summary>
    private void CheckQuantised(CheckedGraph graph)
    {
        string[] layers = [.. graph.Nodes.Where(node => node.Operation.IsWeighted).Select(node => node.Name)];
        if (Quantising.KeptFloat(_recipe.Quantise, layers).Count == layers.Length)
            throw new InputException(
                $"quantise.keep_float names each of the {Words.Count(layers.Length, "layer")} with weights of {graph.Name}; "
                + "at least one was expected to be quantised");
    }

    /// <summary>Checks that the narrow student is a narrower form of the dense student, where a file gives that.</summary>
    private void CheckNarrow()
    {
        var student = Arm.BestStudentOf(_recipe);
        if (student.Given(_recipe) is not { } path) return;
        var (file, zoo) = (NetworkOf(student).Graph, networks.Build(ArmStart.Student));
        if (NetworkCost.Of(file).Macs != NetworkCost.Of(zoo).Macs)
            throw new InputException(
                $"{student.ModelKey} {path} is not the network '{zoo.Name}' that half-width makes narrower; "
                + $"expected {student.ModelKey.Split('.')[0]}.arch and width of the file, or arms without half-width");
    }

    /// <summary>The arm that teaches an arm, whose layers the pairs of layers name, or null if none does.</summary>
    private Arm? TeacherOf(Arm arm) => arm.Distill?.Invoke(_recipe) switch
    {
        { LearnsFromTeacher: true } => Arm.Of(ArmNames.Teacher),
        { NeedsDense: true } => Arm.BestStudentOf(_recipe),
        _ => null,
    };

    /// <summary>Checks an arm whose given student is pruned already: it can be trained on, and nothing else.</summary>
    private void CheckPruned(Arm arm)
    {
        var pruned = $"{Arm.DenseFileOf(_recipe)} is pruned already";
        if (arm.Masks != MaskKind.Uhp)
            throw new InputException($"{pruned}, and the arm {arm.Name} needs a dense one; expected arms: [dst] or [uhp], which train it "
                + "on");
        if (arm.Distill?.Invoke(_recipe) is { NeedsDense: true } distill)
            throw new InputException(
                $"{pruned}, and {distill.Section} compares it with the dense network before; expected {distill.Section}.teacher: teacher "
                + "and features: 0");
    }

    private Network NetworkOf(Arm arm)
    {
        if (!_networks.TryGetValue(arm, out var network)) _networks[arm] = network = Load(arm);
        return network;
    }

    private Network Load(Arm arm)
    {
        if (arm.Quantises is { } quantises)
        {
            var source = NetworkOf(quantises(_recipe));
            return source with { Graph = BatchNormFolding.Apply(source.Graph) };
        }

        var start = arm.StartIn(_recipe);
        if (arm.Given(_recipe) is null && start == ArmStart.BestStudent) return NetworkOf(Arm.BestStudentOf(_recipe));
        var model = arm.Given(_recipe) is { } path ? given.Load(arm, path) : networks.FindFrom(start);
        return model is null
            ? new(networks.Build(start), data.Normalisation, IsPruned: false)
            : new(model.Graph, model.Normalisation!, model.Masks.Count > 0);
    }

    /// <summary>What is checked of a network.</summary>
    private sealed record Network(CheckedGraph Graph, InputNormalisation Inputs, bool IsPruned);
}
