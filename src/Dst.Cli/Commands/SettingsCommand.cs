using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Report;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Commands;

/// <summary><c>dst settings</c>: the keys of a recipe.</summary>
internal static class SettingsCommand
{
    private static readonly Argument<string?> Section = new("section")
    {
        Description = "Shows only this section or key, such as train or prune.block.",
        HelpName = "SECTION",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "settings",
            "Lists the keys of a recipe: default, what each does, and its legal values.",
            "settings",
            "settings train",
            "settings data --json")
        {
            Section,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var keys = RecipeFile.Describe();
        if (call.Arguments.GetValue(Section) is { } section)
        {
            var sections = keys.Select(key => key.Path.Split('.')[0]).Distinct();
            keys = [.. keys.Where(key => key.Path == section || key.Path.StartsWith($"{section}.", StringComparison.Ordinal))];
            if (keys.Count == 0)
                throw new InputException($"a recipe has no section '{section}'; expected one of {string.Join(", ", sections)}");
        }

        call.Report.Write(
            new(keys, new Lines([.. keys.SelectMany(key => new[] { $"{key.Path}: {key.Default}", $"    {key.Help} ({key.Expected})" })])));
    }
}
