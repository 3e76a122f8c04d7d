using Dst.ModelFiles;
using Dst.Training.Autodiff;

namespace Dst.Training.Engine;

/// <summary>Saves and restores a <see cref="Trainer"/> as a safetensors file (docs/formats.md).</summary>
public static class CheckpointFile
{
    private const string Format = "dst-checkpoint";
    private const string Version = "1";
    private const string Counters = "counters";
    private const string Forms = "convolutions";
    private const string Recipe = "recipe";

    /// <summary>Writes the state atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="arm">The arm in training.</param>
    /// <param name="trainer">Between two steps.</param>
    /// <param name="recipe">Hash of the recipe of the run.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, string arm, Trainer trainer, string recipe)
    {
        var counters = trainer.State.ToArray();
        var tensors = trainer.Tensors().Select(tensor => new TensorEntry(tensor.Name, [tensor.Values.Length], tensor.Values))
            .Append(new TensorEntry(Counters, [counters.Length], counters));
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["version"] = Version,
            ["arm"] = arm,
            [Recipe] = recipe,
            [Forms] = trainer.Forms.ToString(),
        };
        SafetensorsFile.Write(path, metadata, tensors);
    }

    /// <summary>The arm of a checkpoint, and the hash of its recipe, or null in a file of an older version.</summary>
    /// <exception cref="InputException">The file is not a checkpoint.</exception>
    public static (string Arm, string? Recipe) ReadOwner(string path)
    {
        using var file = Open(path);
        return (file.ReadMetadata("arm"), file.Metadata.GetValueOrDefault(Recipe));
    }

    /// <summary>The counters of a checkpoint, or null if there is none of <paramref name="arm"/>.</summary>
    /// <exception cref="InputException">The file is not a checkpoint.</exception>
    public static TrainingState? FindState(string path, string arm)
    {
        if (!File.Exists(path)) return null;
        using var file = Open(path);
        if (file.ReadMetadata("arm") != arm) return null;
        var state = new TrainingState();
        state.CopyFrom(file.ReadLongs(Counters, state.ToArray().Length));
        return state;
    }

    /// <summary>How a checkpoint's phase computes convolutions, or null if there is none of <paramref name="arm"/>.</summary>
    /// <exception cref="InputException">The file is not a checkpoint.</exception>
    public static ConvolutionForms? FindForms(string path, string arm)
    {
        if (!File.Exists(path)) return null;
        using var file = Open(path);
        return file.ReadMetadata("arm") == arm
            ? ConvolutionForms.Parse(file.Metadata.GetValueOrDefault(Forms, ConvolutionForms.Estimated.ToString()))
            : null;
    }

    /// <summary>Restores the state if the file is there and belongs to <paramref name="arm"/>.</summary>
    /// <returns>Whether the state was restored.</returns>
    /// <exception cref="InputException">
    /// The file is not a checkpoint of this network and optimiser, or it has values that no phase leaves.
    /// </exception>
    /// <param name="path">The file.</param>
    /// <param name="arm">Arm that is to be trained on.</param>
    /// <param name="trainer">Takes the state.</param>
    public static bool TryRestore(string path, string arm, Trainer trainer)
    {
        if (!File.Exists(path)) return false;
        using var file = Open(path);
        if (file.ReadMetadata("arm") != arm) return false;
        var counters = file.ReadLongs(Counters, trainer.State.ToArray().Length);
        if (trainer.FindProblem(counters) is { } problem) throw Damaged(path, problem);
        var tensors = trainer.Tensors().ToDictionary(tensor => tensor.Name, tensor => file.ReadFloats(tensor.Name, tensor.Values.Length));
        foreach (var (name, values) in tensors)
        {
            if (Array.FindIndex(values, value => !float.IsFinite(value)) is >= 0 and var place)
                throw Damaged(path, Invariant($"the tensor '{name}' has {values[place]} at {place}, and a finite value was expected"));
        }

        trainer.Restore(tensors, counters);
        return true;
    }

    private static InputException Damaged(string path, string problem) =>
        new($"{path} is damaged: {problem}; without this file, the arm is trained from its start");

    private static SafetensorsReader Open(string path)
    {
        var file = SafetensorsFile.Open(path);
        if (file.ReadMetadata("format") == Format && file.ReadMetadata("version") == Version) return file;
        using (file)
            throw new InputException(
                $"{path} has the format '{file.ReadMetadata("format")}' version '{file.ReadMetadata("version")}'; "
                + $"'{Format}' version '{Version}' was expected");
    }
}
