using Dst.Runtime;

namespace Dst.Cli.Commands;

/// <summary>What verbs need to know of a model to give it images and to name its classes.</summary>
internal static class ModelInput
{
    /// <summary>The model's input normalisation; if it has none, inputs are used as they are.</summary>
    public static InputNormalisation NormalisationOf(Model model)
    {
        var channels = model.Graph.Input.Channels;
        return model.Normalisation ?? new(Resize: 0, Amplitude: "none", Mean: new float[channels], Deviation: [.. Enumerable.Repeat(1f, channels)]);
    }

    /// <summary>Name of a class, or its number if the model has no names.</summary>
    public static string ClassNameOf(Model model, int label) => model.ClassNames.Count > 0 ? model.ClassNames[label] : $"{label}";
}
