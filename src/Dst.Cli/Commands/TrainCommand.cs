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
            "Trains one network on labelled images. With data alone, it chooses network, input, augmentation and training for them, and "
                + "says each choice. With a recipe, it trains its student, or its teacher.",
            "train photos",
            "train photos --epochs 40 --size 64 --arch resnet20 --name first",
            "train recipes/quickstart.yaml --teacher",
            "train photos --from halved.safetensors --epochs 5")
        {
            Teacher,
            Arch,
            From,
        };
        RunOptions.AddTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var arm = arguments.GetValue(Teacher) ? ArmNames.Teacher : ArmNames.Student;
        // A recipe may train its teacher in another way than its students.
        var isOfRecipe = arguments.GetValue(Teacher) && RecipeInput.DataOf(arguments) is null;
        var request = new TrainingRequest(
            [
                SettingOverride.OfList("arms", [arm], "dst train"),
                .. RecipeOptions.Override(arguments, Arch, $"{arm}.arch"),
                .. RecipeOptions.Override(arguments, From, $"{arm}.from"),
            ])
        {
            Section = isOfRecipe ? "teacher.train" : "train",
            ModelPath = arguments.GetValue(From),
            NewRunOptions = [Teacher, Arch, From],
        };
        RecipeRun.Run(call, request);
    }
}
