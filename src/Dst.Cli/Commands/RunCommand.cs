using Dst.Cli.Actions;
using Dst.Cli.Usage;

namespace Dst.Cli.Commands;

/// <summary><c>dst run</c>: all arms of a recipe.</summary>
internal static class RunCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "run",
            "Runs a recipe: trains, distils, prunes and tests its networks ('arms') and prints a row for each. Ctrl-C saves the state.",
            "run recipes/quickstart.yaml",
            "run recipes/quickstart.yaml --set train.epochs=20 --set \"arms=[teacher, dst]\" --seed 2",
            "run --resume runs/quickstart/<time>");
        RunOptions.AddTo(verb);
        verb.Handle(call => RecipeRun.Run(call, new()));
        return verb;
    }
}
