using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Images;
using Dst.Training.Data;
using Dst.Training.Masks.Repair;

namespace Dst.Cli.Actions;

/// <summary>
/// The images without labels of verbs that measure features: those of a folder, or the training images of a recipe's data.
/// </summary>
internal static class CalibrationInput
{
    private const int FewImages = 16;

    /// <summary>A folder of image files.</summary>
    public static readonly Option<string?> Folder = SharedOptions.Text(
        "--data", "FOLDER", "Image files to measure features on, in this folder and those below it. They need no labels.");

    /// <summary>Whether the command line names images.</summary>
    public static bool IsGiven(ParseResult arguments) =>
        arguments.GetValue(Folder) is not null || RecipeOptions.SetsData(arguments) || arguments.GetValue(RecipeOptions.File) is not null;

    /// <summary>Checks that the command line names a folder or data.</summary>
    /// <exception cref="InputException">It names both or neither.</exception>
    public static void Check(Invocation call)
    {
        var arguments = call.Arguments;
        var isFolder = arguments.GetValue(Folder) is not null;
        var data = RecipeInput.DataOf(arguments);
        if (isFolder && RecipeOptions.SetsData(arguments))
            throw new InputException($"{call.Command} has both --data FOLDER and keys of the section data; one of them was expected");
        if (isFolder && data is not null)
            throw new InputException($"{call.Command} has both --data FOLDER and the data '{data}'; one of them was expected");
        if (Directory.Exists(data) && !ImageFolder.Subfolders(data).Any() && ImageFolder.Find(data).Images.Count > 0)
            throw new InputException(
                $"'{data}' has images and no class folders; --data {data} for images without labels, or a folder for each class, was "
                + "expected");
        if (isFolder && arguments.Gives(ModelEvaluation.Split))
            throw new InputException(
                $"{call.Command} has both --data FOLDER and --split; one of them was expected, because a folder has no labels");
        if (!IsGiven(arguments))
            throw new InputException(
                $"{call.Command} has no images to measure features on; --data FOLDER, labelled images, a recipe, or --data.kind and "
                    + "--data.path were expected");
        if (isFolder && arguments.GetValue(RecipeOptions.File) is not null)
            call.Report.Log($"{call.Command}: images come from --data; the data of the recipe are not read");
    }

    /// <summary>Draws the images, and says in a line if few of them differ.</summary>
    /// <param name="call">The call.</param>
    /// <param name="model">The model that takes them.</param>
    /// <param name="data">The data, or null for the folder that the command line names.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="InputException">There are none, one cannot be read, or they do not fit into memory.</exception>
    public static CalibrationImages Draw(Invocation call, Model model, DataSet? data, int count, long seed)
    {
        var images = data is null
            ? CalibrationImages.DrawFiles(call.Arguments.GetValue(Folder)!, model, count, seed, call.Report.Log)
            : CalibrationImages.Draw(data, count, seed);
        var different = images.CountDifferent();
        if (images.Count > 0 && different < FewImages)
            call.Report.Log(
                $"{call.Command} measures on {Phrases.Count(images.Count, "image")}"
                + (different < images.Count ? $", of which {different} {(different == 1 ? "is" : "are")} different" : "")
                + "; 100 to 500 different images give better results");
        return images;
    }
}
