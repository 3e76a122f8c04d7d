using System.CommandLine;
using Dst.Training.Experiments;

namespace Dst.Cli.Commands;

/// <summary><c>dst distill</c>: a finished teacher teaches one network.</summary>
internal static class DistillCommand
{
    private static readonly Option<string> Teacher = new("--teacher")
    {
        Description = "Model file of the teacher.",
        HelpName = "MODEL",
        Required = true,
    };

    private static readonly Option<string?> Student = SharedOptions.Text(
        "--student", "MODEL", "Model file of a dense student: it is half-pruned (see the keys of prune) and then taught. Default: a new student is taught.");

    private static readonly Option<string?> Arch = SharedOptions.Text("--arch", "name", "Architecture of a new student, by its name in the zoo. Default: the recipe's.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "distill",
            "Lets a finished teacher teach a new student (arm student-kd), or a given student that is half-pruned first (arm dst).",
            "distill recipes/quickstart.yaml --teacher teacher.safetensors",
            "distill recipes/quickstart.yaml --teacher teacher.safetensors --student student-kd.safetensors --set prune.block=4")
        {
            Teacher,
            Student,
            Arch,
        };
        RecipeRun.AddOptionsTo(verb);
        verb.Handle(call =>
        {
            var student = call.Arguments.GetValue(Student);
            var overrides = new List<string>
            {
                $"arms=[{(student is null ? ArmNames.StudentKd : ArmNames.Dst)}]",
                RecipeInput.SetText("teacher.model", call.Arguments.GetRequiredValue(Teacher)),
            };
            if (student is not null) overrides.Add(RecipeInput.SetText("student.model", student));
            if (call.Arguments.GetValue(Arch) is { } arch) overrides.Add(RecipeInput.SetText("student.arch", arch));
            RecipeRun.Run(call, overrides);
        });
        return verb;
    }
}
