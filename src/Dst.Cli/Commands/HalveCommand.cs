using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.ModelFiles;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;

namespace Dst.Cli.Commands;

/// <summary><c>dst halve</c>: halves a model and repairs it on images without labels, without training.</summary>
internal static class HalveCommand
{
    private static readonly Option<int?> Images = SharedOptions.Number(
        "--images",
        "Calibration images, drawn by the seed; fewer if there are fewer (prune.calibration.images). "
            + $"Default: the recipe's, which is {new PruningOptions().Calibration.Images}.",
        1, 100_000);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "halve",
            "Halves a model and fits what is kept to the dense model, layer after layer, on a few hundred images. "
                + "It needs no labels and no training. The first convolution stays dense. If the network loses too much, halve it in the "
                + "same way and teach it: dst distill with --set prune.score=obs --set prune.repair=least_squares.",
            "halve runs/latest/student.safetensors --data photos --pattern weight:4:16 --out halved.safetensors",
            "halve resnet56.safetensors --data.kind cifar100 --data.path cifar-100-binary.tar.gz --out halved.safetensors",
            "halve runs/latest/student-kd.safetensors runs/latest --images 256 --out halved.safetensors")
        {
            SharedOptions.Model,
        };
        RecipeOptions.AddTo(verb);
        verb.AddOptions(
            CalibrationInput.Folder, Images, PruningInput.Pattern, PruningInput.Exclude, PruningInput.Out, ModelEvaluation.Split,
            SharedOptions.Threads, SharedOptions.Json);
        RecipeOptions.AddDataTo(verb);
        verb.TakesRanks = true;
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var path = arguments.GetRequiredValue(SharedOptions.Model);
        var output = arguments.GetValue(PruningInput.Out) ?? throw new InputException("halve has no --out FILE; one was expected");
        OutputPath.Check(arguments, PruningInput.Out);
        CalibrationInput.Check(call);
        PruningInput.CheckKeys(call, "data", "seed", "prune.method");
        var (recipe, model) = (PruningInput.Load(arguments, SettingPresets.HalveWithRepair), ModelFile.Load(path));
        if (arguments.GetValue(Images) is { } count)
            recipe = recipe with { Prune = recipe.Prune with { Calibration = recipe.Prune.Calibration with { Images = count } } };
        PruningInput.CheckIdle(call, recipe);
        Halving.Check(path, model, recipe.Prune);
        if (BatchNormRestorer.Describe(model.Graph) is { } line) call.Report.Log($"{path}: {line}");
        RankJob.Run(call, recipe.Parts, () => Halve(call, path, model, recipe, output));
    }

    private static void Halve(Invocation call, string path, Model model, Recipe recipe, string output)
    {
        using var pool = new WorkerPool(SharedOptions.ThreadsOf(call.Arguments));
        var dense = new CalibratedModel(call, recipe, path, model);
        var images = dense.Draw(NetworkRepair.ImagesFor(model.Graph, recipe.Prune), recipe.Seed);
        var compute = new ComputeContext(pool, call.Tier) { Ranks = call.Ranks };
        var repaired = Halving.Apply(dense.Model, images, recipe.Prune, compute, call.Report.Log, call.Cancellation);
        if (call.Ranks.IsFirst) PrunedOutput.Write(call.Report, repaired, output, dense.MeasureChangeTo(repaired.Model));
    }
}
