using System.Text.Json;
using Dst.Cli;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary>Data that have some of the classes of a model.</summary>
public sealed partial class ModelCommandTests
{
    [Fact]
    public void Eval_of_all_images_takes_a_class_with_one()
    {
        string[] arguments = ["eval", SampleModel.SaveDense(_folder, "a", "b"), _folder.File("photos")];
        foreach (var (name, count) in new[] { ("a", 10), ("b", 1) })
        {
            var folder = Directory.CreateDirectory(_folder.File($"photos/{name}")).FullName;
            for (var i = 0; i < count; i++)
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(x * y + name[^1] * i)));
        }

        Terminal.Run(arguments).AssertFailsWith(CommandLine.WrongInput, "class 'b' has one image");
        Assert.Contains("11 images: ", Terminal.Run([.. arguments, "--split", "all"]).Output);
    }

    [Fact]
    public void Eval_of_one_class_measures_its_recall()
    {
        var photos = SavePhotos("a", "b");
        string[] eval = ["eval", SampleModel.SaveDense(_folder, "c", "b", "a"), photos, "--split", "all", "--json"];
        var both = Confusion(Terminal.Run(eval).Output);
        Directory.Delete(Path.Combine(photos, "a"), recursive: true);
        var run = Terminal.Run(eval);
        Assert.Contains("all images are of the class 'b', so top-1 is its recall\n", run.Error);
        Assert.DoesNotContain("warning", run.Error);
        Assert.Equal([[0, 0, 0], both[1], [0, 0, 0]], Confusion(run.Output));
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(both[1][1] / 10.0, document.RootElement.GetProperty("top1").GetDouble(), 1e-12);

        Terminal.Run("train", photos, "--arch", "resnet8", "--set", $"runs={_folder.File("runs")}") // one class teaches nothing
            .AssertFailsWith(CommandLine.WrongInput, "holds 1 class folder; at least 2 were expected");
        Directory.Move(Path.Combine(photos, "b"), Path.Combine(photos, "d"));
        Terminal.Run(eval).AssertFailsWith(
            CommandLine.WrongInput,
            "holds 1 class folder; at least 2 were expected, or one that the model knows in place of 'd': c, b, a");
    }

    [Fact]
    public void Eval_measures_the_classes_that_the_data_has()
    {
        var photos = SavePhotos("a", "c", "b");
        string[] eval = ["eval", SampleModel.SaveDense(_folder, "c", "b", "a"), photos, "--split", "all", "--json"];
        var whole = Confusion(Terminal.Run(eval).Output); // in the order of the data: a, b, c
        Directory.Delete(Path.Combine(photos, "b"), recursive: true);
        var run = Terminal.Run(eval);
        Assert.Contains("warning: the data has no images of 1 of the model's 3 classes: b; the others are measured\n", run.Error);
        Assert.Equal([[.. whole[2].Reverse()], [0, 0, 0], [.. whole[0].Reverse()]], Confusion(run.Output)); // in the order of the model
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(20, document.RootElement.GetProperty("count").GetInt32());
        Assert.Equal(
            (whole[0][0] + whole[2][2]) / 20.0, document.RootElement.GetProperty("balanced_accuracy").GetDouble(), 1e-12);

        Directory.Move(Path.Combine(photos, "c"), Path.Combine(photos, "d"));
        Terminal.Run(eval).AssertFailsWith(CommandLine.WrongInput, "has 3 classes; the data has 2");
    }

    /// <summary>Writes a folder of ten images for each class.</summary>
    private string SavePhotos(params string[] classes)
    {
        foreach (var name in classes)
        {
            var folder = Directory.CreateDirectory(_folder.File($"photos/{name}")).FullName;
            for (var i = 0; i < 10; i++)
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(x * y + name[^1] * i)));
        }

        return _folder.File("photos");
    }

    private static int[][] Confusion(string output)
    {
        using var document = JsonDocument.Parse(output);
        return
        [
            .. document.RootElement.GetProperty("confusion").EnumerateArray()
                .Select(row => row.EnumerateArray().Select(count => count.GetInt32()).ToArray()),
        ];
    }
}
