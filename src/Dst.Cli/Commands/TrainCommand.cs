using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Commands;

/// <summary><c>dst train</c>: one network on labels alone.</summary>
internal static class TrainCommand
{
    private static readonly Option<bool> Teacher = new("--teacher") { Description = "Trains the recipe's teacher instead of its student." };
    private static readonly Option<string?> Arch = SharedOptions.Text(
        "--arch", "name", "Architecture of the network. Default: the recipe's.");

    private static readonly Option<string?> From = SharedOptions.Text(
        "--from", "MODEL",
        "Model file whose training goes on, dense or pruned. Masks stay. If its classes are not those of the data, its last layer begins "
            + "anew.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "train",
            "Trains one network on labels alone: the student of a recipe, or its teacher.",
            "train --arch resnet8 --data.kind folder --data.path photos --set train.epochs=40",
            "train recipes/quickstart.yaml --teacher",
            "train --from halved.safetensors --data.kind folder --data.path photos --set train.epochs=5")
        {
            Teacher,
            Arch,
            From,
        };
        RecipeRun.AddOptionsTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arm = call.Arguments.GetValue(Teacher) ? ArmNames.Teacher : ArmNames.Student;
        RecipeRun.Run(
            call,
            [
                SettingOverride.OfList("arms", [arm], "dst train"),
                .. RecipeInput.Override(call.Arguments, Arch, $"{arm}.arch"),
                .. RecipeInput.Override(call.Arguments, From, $"{arm}.from"),
            ]);
    }
}
