using Dst.Cli.Usage;
using Dst.Report;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Actions;

/// <summary>Says what a run would do, after all checks, and writes nothing.</summary>
internal static class DryRun
{
    /// <summary>Shows the arms that would be trained, the images, and where the run would be written.</summary>
    public static void Write(Invocation call, Recipe recipe, DataSet data, IReadOnlyList<PlannedArm> arms)
    {
        var folder = RunFolder.PathFor(recipe, DateTime.Now);
        var document = new
        {
            recipe.Name,
            Runs = recipe.Runs,
            Input = data.Shape.ToString(),
            Classes = data.ClassNames.Count,
            TrainingImages = data.Training.Count,
            UnlabelledImages = data.Unlabelled.Count,
            ValidationImages = data.Validation.Count,
            TestImages = data.Test.Count,
            Arms = arms.Select(arm => new { arm.Arm, arm.Network, arm.Weights, arm.Macs, arm.Epochs, arm.Steps }),
        };
        var table = Table.Of(
            arms,
            new("arm", "arm", arm => arm.Arm) { Alignment = Alignment.Left },
            new("network", "network", arm => arm.Network),
            new("weights", "weights", arm => arm.Weights, arm => Format.Count(arm.Weights)),
            new("macs", "MACs", arm => arm.Macs, arm => Format.Count(arm.Macs)),
            new("epochs", "epochs", arm => arm.Epochs == 0 ? null : arm.Epochs)
            {
                Meaning = arms.Any(arm => arm.Epochs == 0) ? "- for a network that is given" : null,
            },
            new("steps", "steps", arm => arm.Steps == 0 ? null : arm.Steps));
        var runs = recipe.Seeds.Count > 0 ? $", one run for each seed of {string.Join(", ", recipe.Seeds)}" : "";
        call.Report.Write(new(
            document, table,
            new Lines($"{data.Training.Count} training images, input {data.Shape}; nothing was written", $"run folder: {folder}{runs}")));
    }
}
