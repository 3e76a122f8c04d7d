using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.ModelFiles;
using Dst.Report.Models;
using Dst.Report.Renderers;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;
using Dst.Training.Ranks;

namespace Dst.Cli.Commands;

/// <summary><c>dst prune</c>: prunes a model without training it, or measures what pruning each layer alone costs.</summary>
internal static class PruneCommand
{
    private const int Batch = 64;

    /// <summary>Keys that <see cref="Unstructured"/> leaves without effect. prune.unit still says which layers stay dense.</summary>
    private static readonly string[] KeysOfPatterns =
        ["prune.block", "prune.group", "prune.keep", "prune.keep_layers", "prune.permute"];

    private static readonly Option<double?> Unstructured = SharedOptions.Number(
        "--unstructured",
        "Drops this share of each layer's weights without a pattern, those with the lowest scores. This is the control of the method.",
        0.0, 0.99);

    private static readonly Option<string?> Score = SharedOptions.Text(
        "--score", "l1|l2|taylor|obs",
        "What a weight is worth. taylor and obs need the data of a recipe; obs also needs --set prune.repair=least_squares. "
            + "Default: the recipe's, which is l1.");

    private static readonly Option<bool> Permute = new("--permute")
    {
        Description = "Reorders output channels first, so that similar filters share a block.",
    };

    private static readonly Option<string?> Sensitivity = SharedOptions.Text(
        "--sensitivity", "FILE",
        "Measures the validation accuracy with each layer pruned alone, on the data of the recipe. "
            + "Prints the table and writes it to this file as CSV.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "prune",
            "Drops half of a model's weights in a pattern and prints what was kept of each layer. "
                + "Afterwards a teacher should teach it: see dst distill.",
            "prune models/cifar100-resnet20-kd-seed1/student-kd.safetensors --pattern kernel:16:16 --permute --out halved.safetensors",
            "prune runs/latest/student-kd.safetensors --unstructured 0.5 --exclude conv1 --out sparse.safetensors",
            "prune runs/latest/student-kd.safetensors runs/latest --sensitivity layers.csv")
        {
            SharedOptions.Model,
        };
        RecipeOptions.AddTo(verb);
        verb.AddOptions(
            PruningInput.Pattern, Unstructured, PruningInput.Exclude, Score, Permute, PruningInput.Out, Sensitivity, SharedOptions.Threads,
            SharedOptions.Json);
        RecipeOptions.AddDataTo(verb);
        verb.TakesRanks = true;
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var path = arguments.GetRequiredValue(SharedOptions.Model);
        var (output, csv) = (arguments.GetValue(PruningInput.Out), arguments.GetValue(Sensitivity));
        OutputPath.Check(arguments, PruningInput.Out);
        OutputPath.Check(arguments, Sensitivity);
        if (output is null == csv is null)
            throw new InputException("prune has neither or both of --out FILE and --sensitivity FILE; one of them was expected");
        if (arguments.GetValue(Unstructured) is not null && arguments.GetValue(PruningInput.Pattern) is { } pattern)
            throw new InputException(
                $"prune has --pattern {pattern} and --unstructured, which has no pattern; one of them was expected");
        var model = ModelFile.Load(path).OfFloats(path);
        var recipe = csv is null ? LoadRecipe(arguments) : LoadWithoutRepair(call);
        var options = recipe.Prune with { Method = PruningMethod.OneShot };
        options.Check();
        PruningInput.CheckLayers(path, model, options);
        RankJob.Run(call, recipe.Parts, () => Prune(call, path, model, recipe, options));
    }

    private static void Prune(Invocation call, string path, Model model, Recipe recipe, PruningOptions options)
    {
        var arguments = call.Arguments;
        var (output, csv) = (arguments.GetValue(PruningInput.Out), arguments.GetValue(Sensitivity));
        using var pool = new WorkerPool(SharedOptions.ThreadsOf(arguments));
        var ranks = call.Ranks.Count > 1 ? call.Ranks : RankGroup.Alone(recipe.Parts);
        var compute = new ComputeContext(pool, call.Tier) { Ranks = ranks };
        var needsData = csv is not null || options.Score == PruningScore.Taylor || options.Repair != PruningRepair.None;
        PruningInput.CheckKeys(call, needsData ? ["data", "seed"] : []);
        PruningInput.CheckIdle(call, recipe);
        if (arguments.GetValue(Unstructured) is not null)
        {
            foreach (var key in RecipeFile.KeysBesideDefaults(recipe).Intersect(KeysOfPatterns))
                call.Report.Log($"recipe: {key} has no effect with {Unstructured.Name}, which drops single weights");
        }

        DataSet? data = null;
        if (needsData) (model, data) = ModelInput.Load(recipe, path, model, call);

        var pruning = arguments.GetValue(Unstructured) is { } dropped
            ? new Pruning(options, MaskKind.Unstructured) { KeptShare = 1 - dropped, Ranks = ranks }
            : new(options, MaskKind.Uhp) { Ranks = ranks };
        var planned = pruning.Prepare(model, data is null ? null : new(data, Batch, compute, recipe.Seed), call.Report.Log);
        if (output is null)
        {
            MeasureLayers(call, planned.Start, planned.Plan, data!, compute, csv!);
            return;
        }

        var count = NetworkRepair.ImagesFor(model.Graph, options);
        var images = data is null ? CalibrationImages.None : CalibrationImages.Draw(data, count, recipe.Seed);
        var repaired = NetworkRepair.Apply(planned, options, images, compute, call.Report.Log, call.Cancellation);
        if (ranks.IsFirst) PrunedOutput.Write(call.Report, repaired, output);
    }

    /// <summary>The recipe for layers that are measured as they are, so without the repair that a recipe file may have.</summary>
    /// <exception cref="InputException">As <see cref="LoadRecipe"/>, or the command line asks for a repair.</exception>
    private static Recipe LoadWithoutRepair(Invocation call)
    {
        var given = LoadRecipe(call.Arguments).Prune;
        var score = given.Score == PruningScore.Obs ? PruningScore.L1 : given.Score; // obs comes with a repair
        var recipe = LoadRecipe(
            call.Arguments, SettingOverride.Parse("prune.repair=none"), SettingOverride.Parse($"prune.score={EnumWords.Of(score)}"));
        if (recipe.Prune.Repair != PruningRepair.None)
            throw new InputException(
                $"prune --sensitivity has prune.repair {EnumWords.Of(recipe.Prune.Repair)}; none was expected, because it measures pruned "
                + "layers as they are");
        if (recipe.Prune.Score == PruningScore.Obs)
            throw new InputException("prune --sensitivity has prune.score obs, which needs a repair; l1, l2 or taylor was expected");
        if ((given.Repair, given.Score) != (recipe.Prune.Repair, recipe.Prune.Score))
            call.Report.Log(
                $"prune: each layer is measured as it is, with prune.repair none and prune.score {EnumWords.Of(score)}, whatever the "
                + "recipe says");
        return recipe;
    }

    private static Recipe LoadRecipe(ParseResult arguments, params SettingOverride[] first)
    {
        List<SettingOverride> overrides = [.. first, .. RecipeOptions.Override(arguments, Score, "prune.score")];
        if (arguments.GetValue(Permute)) overrides.Add(SettingOverride.Of("prune.permute", "true", RecipeOptions.Where(Permute)));
        if (arguments.GetValue(Unstructured) is not null)
            EffectiveKeys.Refuse(
                overrides.Concat(RecipeInput.Overrides(arguments)), KeysOfPatterns,
                $"with {Unstructured.Name}, which drops single weights, a share of each layer; one of them was expected");
        return PruningInput.Load(arguments, overrides);
    }

    private static void MeasureLayers(Invocation call, Model model, PruningPlan plan, DataSet data, ComputeContext compute, string path)
    {
        if (data.Validation.Count == 0)
            throw new InputException("the data has no validation images; at least one was expected, see data.validation");
        var rows = LayerSensitivity.Measure(model, plan, data, Batch, compute, call.Cancellation).ToList();
        if (!compute.Ranks.IsFirst) return;
        CsvRenderer.Save(path, SensitivityTable.Measured(rows));
        call.Report.Write(new(new { File = path, plan.Skipped, Layers = rows }, SensitivityTable.Of(rows)));
    }
}
