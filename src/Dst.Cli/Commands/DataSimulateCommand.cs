using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Report;
using Dst.Training.Data;

namespace Dst.Cli.Commands;

/// <summary><c>dst data simulate</c>: simulated SAR chips as files.</summary>
internal static class DataSimulateCommand
{
    private static readonly Argument<string> Folder = new("folder") { Description = "A new folder.", HelpName = "FOLDER" };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var simulate = new Verb(
            "simulate",
            "Writes simulated SAR chips as PNG files, to train or to serve as unlabelled images: FOLDER/train/CLASS and FOLDER/test/CLASS.",
            "data simulate chips --data.simulated.size 128 --data.simulated.per_class_train 250")
        {
            Folder,
            RecipeOptions.Set,
            SharedOptions.Json,
        };
        RecipeOptions.AddDataTo(simulate);
        simulate.Handle(Simulate);
        return simulate;
    }

    private static void Simulate(Invocation call)
    {
        var folder = call.Arguments.GetValue(Folder)!;
        var recipe = RecipeInput.LoadFor(call, ["data.simulated"]);
        var count = SimulatedFolder.Write(recipe.Data.Simulated, folder, call.Cancellation);
        call.Report.Write(new(new { folder, Images = count }, new Lines($"{count} images are in {folder}")));
    }
}
