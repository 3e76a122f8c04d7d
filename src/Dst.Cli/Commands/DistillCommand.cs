using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Commands;

/// <summary><c>dst distill</c>: a finished teacher teaches one network.</summary>
internal static class DistillCommand
{
    private static readonly Option<string?> Teacher = SharedOptions.Text(
        "--teacher", "MODEL", "Model file of the teacher. A new run needs it.");

    private static readonly Option<string?> Student = SharedOptions.Text(
        "--student", "MODEL",
        "Model file of a student. A dense one is halved as the recipe's section prune says, then taught. A pruned one keeps its masks. "
            + "Default: a new student is taught.");

    private static readonly Option<string?> Arch = SharedOptions.Text(
        "--arch", "name", "Architecture of a new student. Default: the recipe's.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "distill",
            "Lets a finished teacher teach a student. A new student stays dense (arm student-kd); "
                + "one that is given is halved first, unless it is pruned already (arm dst).",
            "distill photos --teacher runs/latest/teacher.safetensors",
            "distill recipes/quickstart.yaml --teacher runs/latest/teacher.safetensors",
            "distill recipes/quickstart.yaml --teacher teacher.safetensors --student student-kd.safetensors --set prune.block=4")
        {
            Teacher,
            Student,
            Arch,
        };
        RunOptions.AddTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        if (arguments.GetValue(Teacher) is null && arguments.GetValue(RecipeOptions.Resume) is null)
            throw new InputException($"{call.Command} has no teacher; {Teacher.Name} MODEL was expected");
        var isNew = arguments.GetValue(Student) is null;
        var request = new TrainingRequest(
            [
                SettingOverride.OfList("arms", [isNew ? ArmNames.StudentKd : ArmNames.Dst], "dst distill"),
                .. RecipeOptions.Override(arguments, Teacher, "teacher.model"),
                .. RecipeOptions.Override(arguments, Student, "student.model"),
                .. RecipeOptions.Override(arguments, Arch, "student.arch"),
            ])
        {
            Section = isNew ? "train" : "prune_train",
            ModelPath = arguments.GetValue(Teacher),
            NewRunOptions = [Teacher, Student, Arch],
        };
        RecipeRun.Run(call, request);
    }
}
