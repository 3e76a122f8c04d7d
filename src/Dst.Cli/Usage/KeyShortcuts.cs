using System.CommandLine;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Usage;

/// <summary>Options for the keys of a recipe that are changed most often, for verbs that train.</summary>
internal static class KeyShortcuts
{
    private static readonly Option<string?> Epochs = SharedOptions.Text(
        "--epochs", "n", "Epochs of the training: train.epochs, or prune_train.epochs in its place where a given model is halved.");

    private static readonly Option<string?> Batch = SharedOptions.Text("--batch", "n", "Images in a step: train.batch.");
    private static readonly Option<string?> LearningRate = SharedOptions.Text(
        "--lr", "x", "Largest learning rate: train.schedule.learning_rate.");

    private static readonly Option<string?> Size = SharedOptions.Text(
        "--size", "pixels", "Size of the network's input, N or HxW, to which images are resized: data.resize and data.crop.");

    private static readonly Option<string?> Name = SharedOptions.Text(
        "--name", "name", "Name of the folder of runs: name. Default: the recipe's, or that of the data.");

    private static readonly Shortcut[] All =
    [
        new(Epochs, ["epochs"], IsOfTraining: true),
        new(Batch, ["batch"], IsOfTraining: true),
        new(LearningRate, ["schedule.learning_rate"], IsOfTraining: true),
        new(Size, ["data.resize", "data.crop"], IsOfTraining: false),
        new(Name, ["name"], IsOfTraining: false),
    ];

    /// <summary>Adds the options.</summary>
    public static void AddTo(Verb verb) => verb.AddOptions(All.Select(shortcut => shortcut.Option));

    /// <summary>What the options set.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="section">The section of the recipe that trains: <c>train</c>, <c>teacher.train</c> or <c>prune_train</c>.</param>
    public static IEnumerable<SettingOverride> Overrides(ParseResult arguments, string section) => All.SelectMany(
        shortcut => shortcut.KeysIn(section).SelectMany(key => RecipeOptions.Override(arguments, shortcut.Option, key)));

    /// <summary>How a key is changed on the command line, such as <c>--epochs N</c> or <c>--set data.flip=VALUE</c>.</summary>
    public static string Describe(string key, string section, Command command)
    {
        if (key.EndsWith(".arch", StringComparison.Ordinal) && command.Options.Any(option => option.Name == "--arch")) return "--arch NAME";
        var shortcut = Array.Find(All, shortcut => shortcut.KeysIn(section).First() == key);
        return shortcut is not null && command.Options.Contains(shortcut.Option)
            ? $"{shortcut.Option.Name} {shortcut.Option.HelpName!.ToUpperInvariant()}"
            : $"--set {key}=VALUE";
    }

    /// <summary>An option and the keys that it sets.</summary>
    /// <param name="Option">The option.</param>
    /// <param name="Keys">The keys; those of a training without their section.</param>
    /// <param name="IsOfTraining">Whether they are keys of a training.</param>
    private sealed record Shortcut(Option<string?> Option, string[] Keys, bool IsOfTraining)
    {
        public IEnumerable<string> KeysIn(string section) => Keys.Select(key => IsOfTraining ? $"{section}.{key}" : key);
    }
}
