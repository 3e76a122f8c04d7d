using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;

namespace Dst.Training.Experiments;

/// <summary>Keys of a recipe for what is wanted most often.</summary>
/// <example>
/// <code>
/// var result = new Experiment("photos", SettingPresets.CompressModel("dense.safetensors")).Run();
/// Console.WriteLine(result.ModelPath);
/// </code>
/// </example>
public static class SettingPresets
{
    /// <summary>
    /// Prunes by the best known way: what is kept is chosen by what a layer's output loses, and fitted to it. The keys have the values of
    /// <see cref="Halving.Options"/>.
    /// </summary>
    public static IReadOnlyList<SettingOverride> HalveWithRepair { get; } = ValuesOf(
        Halving.Options, "method", "score", "repair", "permute", "exclude_first");

    /// <summary>Trains one network on labels.</summary>
    public static IReadOnlyList<SettingOverride> Train { get; } = Parse($"arms=[{ArmNames.Student}]");

    /// <summary>
    /// Trains a teacher, lets it teach a student, halves the student and teaches it again. The labels have half of the weight then, because
    /// the teacher is a network of another size.
    /// </summary>
    public static IReadOnlyList<SettingOverride> Compress { get; } =
        [.. Parse($"arms=[{ArmNames.Dst}]", "distill_pruned.alpha=0.5"), .. HalveWithRepair];

    /// <summary>
    /// Comes after <see cref="Compress"/> or <see cref="CompressModel"/>: makes the halved network one of 8-bit integers too.
    /// </summary>
    public static IReadOnlyList<SettingOverride> Int8 { get; } = Parse($"arms=[{ArmNames.DstInt8}]");

    /// <summary>Halves a finished model, which teaches its halved self.</summary>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    public static IReadOnlyList<SettingOverride> CompressModel(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return
        [
            SettingOverride.Of("teacher.model", path, "the model"),
            .. Parse($"arms=[{ArmNames.Dst}]", "student.is_teacher=true", "student.from=null", "student.model=null"),
            .. Parse("distill_pruned.preset=kd"), .. HalveWithRepair,
        ];
    }

    private static SettingOverride[] ValuesOf(PruningOptions options, params string[] keys)
    {
        var values = SettingWriter.Flatten(options, "prune.").ToDictionary(key => key.Path, key => key.Value);
        return Array.ConvertAll(keys, key => SettingOverride.Of($"prune.{key}", values[$"prune.{key}"], "the preset"));
    }

    private static SettingOverride[] Parse(params string[] settings) => Array.ConvertAll(settings, SettingOverride.Parse);
}
