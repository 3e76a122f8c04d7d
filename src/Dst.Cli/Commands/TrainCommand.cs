using System.CommandLine;
using Dst.Training.Experiments;

namespace Dst.Cli.Commands;

/// <summary><c>dst train</c>: one network on labels alone.</summary>
internal static class TrainCommand
{
    private static readonly Option<bool> Teacher = new("--teacher") { Description = "Train the recipe's teacher instead of its student." };
    private static readonly Option<string?> Arch = SharedOptions.Text("--arch", "name", "Architecture, by its name in the zoo. Default: the recipe's.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "train",
            "Trains one network on labels alone: the student of a recipe, or its teacher.",
            "train --arch resnet8 --data.kind folder --data.path photos --set train.epochs=40",
            "train recipes/quickstart.yaml --teacher")
        {
            Teacher,
            Arch,
        };
        RecipeRun.AddOptionsTo(verb);
        verb.Handle(call =>
        {
            var arm = call.Arguments.GetValue(Teacher) ? ArmNames.Teacher : ArmNames.Student;
            var overrides = new List<string> { $"arms=[{arm}]" };
            if (call.Arguments.GetValue(Arch) is { } arch) overrides.Add(RecipeInput.SetText($"{arm}.arch", arch));
            RecipeRun.Run(call, overrides);
        });
        return verb;
    }
}
