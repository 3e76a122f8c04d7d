using System.CommandLine;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Usage;

/// <summary>Options for the keys of a recipe that are changed most often, for verbs that train.</summary>
internal static class ShortWords
{
    private static readonly Option<string?> Epochs = SharedOptions.Text(
        "--epochs", "n", "Epochs of the training: train.epochs, or prune_train.epochs in its place where a given model is halved.");

    private static readonly Option<string?> Batch = SharedOptions.Text("--batch", "n", "Images in a step: train.batch.");
    private static readonly Option<string?> LearningRate = SharedOptions.Text(
        "--lr", "x", "Largest learning rate: train.schedule.learning_rate.");

    private static readonly Option<string?> Size = SharedOptions.Text(
        "--size", "pixels", "Side of the network's input, to which images are resized: data.resize and data.crop.");

    private static readonly Option<string?> Name = SharedOptions.Text(
        "--name", "name", "Name of the folder of runs: name. Default: the recipe's, or that of the data.");

    // The keys of those that belong to the training lack their section.
    private static readonly (Option<string?> Option, string[] Keys, bool IsOfTraining)[] Words =
    [
        (Epochs, ["epochs"], true), (Batch, ["batch"], true), (LearningRate, ["schedule.learning_rate"], true),
        (Size, ["data.resize", "data.crop"], false), (Name, ["name"], false),
    ];

    /// <summary>Adds the options.</summary>
    public static void AddTo(Verb verb)
    {
        foreach (var word in Words) verb.Add(word.Option);
    }

    /// <summary>What the options set.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="section">The section of the recipe that trains: <c>train</c>, <c>teacher.train</c> or <c>prune_train</c>.</param>
    public static IEnumerable<SettingOverride> Overrides(ParseResult arguments, string section) => Words.SelectMany(word =>
        word.Keys.SelectMany(key => RecipeInput.Override(arguments, word.Option, word.IsOfTraining ? $"{section}.{key}" : key)));

    /// <summary>How a key is changed on the command line, such as <c>--epochs N</c> or <c>--set data.flip=VALUE</c>.</summary>
    public static string Describe(string key, string section, Command command)
    {
        if (key.EndsWith(".arch", StringComparison.Ordinal) && command.Options.Any(option => option.Name == "--arch")) return "--arch NAME";
        var word = Array.Find(Words, word => (word.IsOfTraining ? $"{section}.{word.Keys[0]}" : word.Keys[0]) == key);
        return word.Option is { } option && command.Options.Contains(option)
            ? $"{option.Name} {option.HelpName!.ToUpperInvariant()}"
            : $"--set {key}=VALUE";
    }
}
