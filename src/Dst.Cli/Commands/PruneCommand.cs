using System.CommandLine;
using Dst.Cli.Report;
using Dst.Runtime;
using Dst.Runtime.ModelFile;
using Dst.Training.Networks;
using Dst.Training.Pruning;

namespace Dst.Cli.Commands;

/// <summary><c>dst prune</c>: halves a model, without training it afterwards.</summary>
internal static class PruneCommand
{
    private static readonly Option<string?> Pattern = SharedOptions.Text(
        "--pattern", "unit:block:group", $"Pattern: unit kernel or weight, filters that share a choice, candidates in a run of which half is kept. Default: {new PruningOptions().Pattern}.");

    private static readonly Option<double?> Unstructured = SharedOptions.Number(
        "--unstructured", "Instead, drop this share of each layer's weights, the smallest, without a pattern (the control).", 0.0, 0.99);

    private static readonly Option<string[]> Exclude = new("--exclude")
    {
        Description = "Layers that stay dense, by name; * stands for any characters. May be given again.",
        HelpName = "layer",
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Out = new("--out") { Description = "Model file to write.", HelpName = "FILE", Required = true };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "prune",
            "Drops half of a model's weights in a pattern and prints what was kept of each layer. Let the teacher teach it afterwards: see dst distill.",
            "prune student-kd.safetensors --pattern kernel:16:16 --out halved.safetensors",
            "prune student-kd.safetensors --unstructured 0.5 --exclude conv1 --out sparse.safetensors")
        {
            SharedOptions.Model,
            Pattern,
            Unstructured,
            Exclude,
            Out,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var model = ModelFile.Load(arguments.GetRequiredValue(SharedOptions.Model));
        var options = new PruningOptions { Exclude = arguments.GetValue(Exclude)! };
        if (arguments.GetValue(Pattern) is { } text) options = options with { Pattern = UhpPattern.Parse(text) };
        var plan = arguments.GetValue(Unstructured) is { } dropped ? PruningPlan.CreateUnstructured(model, options, 1 - dropped) : PruningPlan.Create(model, options);
        if (plan.Masks.Count == 0) throw new InputException($"{arguments.GetRequiredValue(SharedOptions.Model)} has no layer that can be pruned; at least one was expected");
        var pruned = plan.ApplyTo(model);
        var path = arguments.GetRequiredValue(Out);
        ModelFile.Save(path, pruned);

        var cost = NetworkCost.Of(pruned.Graph, pruned.Masks);
        var rows = LayerTable.RowsOf(pruned);
        var fileBytes = new FileInfo(path).Length;
        call.Report.Result(new { File = path, FileBytes = fileBytes, cost.Weights, Nonzero = cost.Nonzeros, cost.Macs, cost.EffectiveMacs, plan.Skipped, Layers = rows }, () =>
        {
            call.Report.Table(LayerTable.ToTable(rows, plan.Skipped));
            call.Report.Line();
            call.Report.Line($"{path}: {Format.Count(cost.Nonzeros)} of {Format.Count(cost.Weights)} weights and {Format.Count(cost.EffectiveMacs)} of {Format.Count(cost.Macs)} MACs kept, {Format.Bytes(fileBytes)}");
        });
    }
}
