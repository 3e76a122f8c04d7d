using Dst.Cli.Usage;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Actions;

/// <summary>Commands that use the model of a finished run, for the end of its output.</summary>
internal static class NextCommands
{
    /// <summary>
    /// A model of the run, and what can be done with it. The arm dst-int8 comes first, then dst, then the last arm of the run.
    /// </summary>
    public static string[] Of(RunFolder run, RunSummary summary, DataSet data)
    {
        var arm = summary.Find(ArmNames.DstInt8) ?? summary.Find(ArmNames.Dst) ?? summary.Arms[^1];
        var isFloat = Arm.Of(arm.Arm).Quantises is null;
        var path = run.ModelPath(arm.Arm);
        var (model, folder) = (ShellText.Quote(path), ShellText.Quote(run.Path));
        string[] commands =
        [
            .. ImageOf(data) is { } image ? [$"predict {model} {image}"] : Array.Empty<string>(),
            $"eval {model} {folder}",
            .. isFloat && arm.Layers.Count == 0 ? [$"compress {model} --data {folder}"] : Array.Empty<string>(),
            .. isFloat ? [$"quantise {model} {folder} --out int8.safetensors"] : Array.Empty<string>(),
            $"export {model} --format c --out board",
            $"inspect {model}",
        ];
        return [$"model: {path}", .. commands.Select((command, i) => $"{(i == 0 ? "next:" : "     ")} {ProgramName.Value} {command}")];
    }

    /// <summary>A test image, a word for one if the data are no files, or null if the network takes only some bands of each file.</summary>
    private static string? ImageOf(DataSet data)
    {
        var samples = data.Test.Samples;
        if (!File.Exists(samples[0].Name)) return "IMAGE...";
        if (samples.FirstOrDefault(sample => sample.IsFile)?.Name is not { } path) return null;
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return ShellText.Quote(relative.StartsWith("..", StringComparison.Ordinal) ? path : relative);
    }
}
