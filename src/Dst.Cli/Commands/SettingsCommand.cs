using Dst.Report;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Commands;

/// <summary><c>dst settings</c>: every key of a recipe.</summary>
internal static class SettingsCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb("settings", "Lists every key of a recipe with its legal values, its default and what it does.", "settings", "settings --json")
        {
            SharedOptions.Json,
        };
        verb.Handle(call =>
        {
            var keys = RecipeFile.Describe();
            call.Report.Write(new(keys, new Lines([.. keys.SelectMany(key => new[] { $"{key.Path}: {key.Default}", $"    {key.Help} ({key.Expected})" })])));
        });
        return verb;
    }
}
