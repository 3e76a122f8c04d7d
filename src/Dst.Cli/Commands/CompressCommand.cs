using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Masks;
using Dst.Report;
using Dst.Report.Runs;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Commands;

/// <summary><c>dst compress</c>: the whole method in one command.</summary>
internal static class CompressCommand
{
    private static readonly Option<bool> Int8 = new("--int8")
    {
        Description = "Also makes the halved network one of 8-bit integers, and trains that with rounded weights and values.",
    };

    private static readonly Dictionary<string, string> Halving = new()
    {
        ["prune.score"] = "weights to keep are chosen by obs",
        ["prune.repair"] = "kept weights are fitted by least_squares",
        ["prune.permute"] = "channels are permuted before halving",
        ["prune.exclude_first"] = "the first convolution stays dense",
    };

    private static readonly Dictionary<string, string> Teaching = new()
    {
        ["distill_pruned.alpha"] = "after halving the teacher weighs as much as the labels, α 0.5",
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "compress",
            "Makes a network half as large and shows what was gained and lost. From images, it trains a teacher, lets it teach a small "
                + "student, halves the student, repairs it and teaches it again. A model is halved and repaired, and teaches its halved "
                + "self.",
            "compress photos",
            "compress photos --int8",
            "compress model.safetensors --data photos --epochs 10",
            "compress runs/photos/<time>/student.safetensors --data runs/photos/<time>",
            "compress --resume runs/photos/<time>")
        {
            CompressInput.Source,
            CompressInput.Data,
            PruningInput.Pattern,
            Int8,
        };
        RunOptions.AddOptionsTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var model = CompressInput.ModelOf(call.Arguments);
        var preset = model is null ? SettingPresets.Compress : SettingPresets.CompressModel(model);
        var int8 = call.Arguments.GetValue(Int8) ? SettingPresets.Int8 : [];
        var request = new TrainingRequest([.. preset, .. int8, .. PatternOf(call)])
        {
            Section = model is null ? "train" : "prune_train",
            ModelPath = model,
            TakesDataAlone = model is not null,
            Choices = model is null ? [Halving, Teaching] : [Halving],
            NewRunOptions = [PruningInput.Pattern, Int8],
            ResumeVerb = "compress",
            Blocks = run => GainOf(call, run),
        };
        RecipeRun.Run(call, request);
    }

    private static IEnumerable<Block> GainOf(Invocation call, RunResults run) =>
    [
        GainTable.Of(run),
        new Lines([.. GainTable.Comparisons(run).Text, .. TestNoise.Of(new RunDetails(run)).Text]),
        .. BoardTable.Of(run, call.Cancellation),
    ];

    private static IEnumerable<SettingOverride> PatternOf(Invocation call)
    {
        if (call.Arguments.GetValue(PruningInput.Pattern) is not { } text) return [];
        var pattern = UhpPattern.Parse(text);
        var where = RecipeOptions.Where(PruningInput.Pattern);
        return
        [
            SettingOverride.Of("prune.unit", EnumWords.Of(pattern.Unit), where),
            SettingOverride.Of("prune.block", $"{pattern.Block}", where),
            SettingOverride.Of("prune.group", $"{pattern.Group}", where),
            SettingOverride.Of("prune.keep", FormattableString.Invariant($"{pattern.Share:R}"), where),
        ];
    }
}
