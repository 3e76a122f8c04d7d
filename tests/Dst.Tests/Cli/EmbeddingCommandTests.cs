using System.Text.Json;
using Dst.Cli;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary>The options <c>--embedding</c> of predict, eval and export.</summary>
public sealed class EmbeddingCommandTests : IDisposable
{
    private const string Layer = "layer3.0.relu2"; // of the sample model

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Predict_gives_vectors_of_length_one()
    {
        var run = Terminal.Run("predict", SampleModel.SaveHalved(_folder), SavePeople("people"), "--embedding", Layer, "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(4, document.RootElement.GetArrayLength());
        Assert.All(document.RootElement.EnumerateArray(), image => Assert.Equal(
            1, image.GetProperty("embedding").EnumerateArray().Sum(value => Math.Pow(value.GetDouble(), 2)), 4));
    }

    [Fact]
    public void Predict_finds_an_image_of_the_gallery_and_calls_others_unknown()
    {
        var (model, people) = (SampleModel.SaveHalved(_folder), SavePeople("people"));
        string[] known = ["predict", model, Path.Combine(people, "bob", "1.png"), "--embedding", Layer, "--gallery", people];
        Assert.Matches(@"^\S+1\.png: bob 1\.000\n$", Terminal.Run(known).Output);
        Directory.Delete(Path.Combine(people, "bob"), recursive: true);
        string[] unknown = ["predict", model, SaveNoise("new.png", 9), "--embedding", Layer, "--gallery", people, "--threshold", "1"];
        Assert.Matches(@"^\S+new\.png: unknown, nearest ann 0?\.\d{3}\n$", Terminal.Run(unknown).Output);
        using var document = JsonDocument.Parse(Terminal.Run([.. unknown, "--json"]).Output);
        var match = document.RootElement[0];
        Assert.Equal((JsonValueKind.Null, "ann"), (match.GetProperty("name").ValueKind, match.GetProperty("nearest").GetString()));
    }

    [Fact]
    public void A_folder_of_the_gallery_without_images_is_passed_over_with_a_warning()
    {
        var (model, people) = (SampleModel.SaveHalved(_folder), SavePeople("people"));
        var nobody = Directory.CreateDirectory(Path.Combine(people, "nobody")).FullName;
        var run = Terminal.Run("predict", model, Path.Combine(people, "bob", "1.png"), "--embedding", Layer, "--gallery", people);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"^\S+1\.png: bob 1\.000\n$", run.Output);
        Assert.Contains($"warning: folder '{nobody}' holds no image file, so it is no person\n", run.Error);
    }

    [Fact]
    public void A_bad_image_is_named_and_the_others_are_embedded()
    {
        var (model, good, bad) = (SampleModel.SaveHalved(_folder), SaveNoise("good.png", 9), _folder.File("bad.png"));
        File.WriteAllText(bad, "no image");
        var run = Terminal.Run("predict", model, bad, good, "--embedding", Layer);
        Assert.Equal(CommandLine.WrongInput, run.ExitCode);
        Assert.StartsWith($"{good}: ", Assert.Single(run.Output.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Contains(bad, run.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 2 images could not be embedded", run.Error, StringComparison.Ordinal);
        Terminal.Run("predict", model, bad, "--embedding", Layer).AssertWrongInput("bad.png");
    }

    [Fact]
    public void An_image_without_an_embedding_is_named()
    {
        var (path, good, black) = (_folder.File("plain.safetensors"), SaveNoise("good.png", 9), _folder.File("black.png"));
        ModelFile.Save(path, Model.Load(SampleModel.SaveHalved(_folder)) with { Normalisation = InputNormalisation.None(1) });
        File.WriteAllBytes(black, TestImages.GreyPng(16, 16, (_, _) => 0)); // without bias it is 0 in every layer
        var people = SavePeople("people");
        var run = Terminal.Run("predict", path, good, black, "--embedding", Layer, "--gallery", people);
        Assert.Equal(CommandLine.WrongInput, run.ExitCode);
        Assert.StartsWith($"{good}: ", Assert.Single(run.Output.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Contains($"black.png' has no embedding: all values of the layer '{Layer}' are 0", run.Error);
        File.Copy(black, Path.Combine(people, "bob", "2.png"));
        Terminal.Run("predict", path, good, "--embedding", Layer, "--gallery", people).AssertWrongInput("2.png' has no embedding");
    }

    [Fact]
    public void Eval_warns_of_images_without_an_embedding()
    {
        var (path, people) = (_folder.File("plain.safetensors"), SavePeople("people", images: 10));
        ModelFile.Save(path, Model.Load(SampleModel.SaveHalved(_folder)) with { Normalisation = InputNormalisation.None(1) });
        string[] eval = ["eval", path, "--embedding", Layer, "--data.path", people, "--data.test", "0.8", "--threshold", "0.5"];
        var run = Terminal.Run(eval);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.DoesNotContain("without an embedding", run.Error);
        foreach (var name in new[] { "7.png", "8.png", "9.png" }) // two of the ten images are not in the test
            File.WriteAllBytes(Path.Combine(people, "bob", name), TestImages.GreyPng(16, 16, (_, _) => 0));
        Assert.Contains(
            $"without an embedding: all values of the layer '{Layer}' are 0; the similarity of their pairs counts as 0",
            Terminal.Run(eval).Error);
    }

    [Fact]
    public void Eval_compares_pairs_of_classes_that_the_model_does_not_know()
    {
        var roc = _folder.File("roc.csv");
        string[] arguments =
        [
            "eval", SampleModel.SaveHalved(_folder), "--embedding", Layer, "--data.simulated.classes", "4",
            "--data.simulated.per_class_train", "10", "--data.simulated.per_class_test", "3", "--data.simulated.size", "24",
            "--data.validation", "0.5",
        ];
        var run = Terminal.Run([.. arguments, "--roc", roc, "--json"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var result = document.RootElement;
        Assert.Equal(
            (4 * 3, 12 * 11 / 2 - 4 * 3), (result.GetProperty("same_pairs").GetInt32(), result.GetProperty("different_pairs").GetInt32()));
        Assert.InRange(result.GetProperty("equal_error_rate").GetDouble(), 0, 1);
        var lines = File.ReadAllLines(roc);
        Assert.Equal((202, "threshold,false_accept,false_reject"), (lines.Length, lines[0]));

        var given = Terminal.Run([.. arguments, "--threshold", "-1"]);
        Assert.Contains("at the threshold -1.000, given: false accept 100.0%, false reject 0.0%", given.Output);
        Assert.Contains("found on the validation images", Terminal.Run(arguments).Output);
    }

    [Fact]
    public void A_split_without_pairs_is_named_with_what_gives_it_some()
    {
        string[] eval = ["eval", SampleModel.SaveHalved(_folder), "--embedding", Layer, "--data.path", SavePeople("people", images: 10)];
        const string hint = "such as by --data.test 0.5 --data.validation 0.9";
        Terminal.Run([.. eval, "--data.test", "0.2", "--data.validation", "0.1"]).AssertFailsWith(
            CommandLine.WrongInput, "the validation split has 2 images of 2 classes, which make no pair of one class; images of each "
            + $"class, two or more, were expected, {hint}, or --threshold, which needs no validation images");
        Terminal.Run([.. eval, "--data.test", "0.1", "--threshold", "0.5"])
            .AssertFailsWith(CommandLine.WrongInput, "the test split has 2 images of 2 classes, which make no pair of one class");
        Terminal.Run([.. eval, "--data.validation", "0.9", "--threshold", "0.5", "--split", "training"])
            .AssertFailsWith(CommandLine.WrongInput, "were expected, such as by a smaller data.validation");
        Assert.Equal(CommandLine.Done, Terminal.Run([.. eval, "--data.test", "0.5", "--data.validation", "0.9"]).ExitCode);
    }

    [Fact]
    public void A_given_threshold_needs_no_validation_images()
    {
        var people = SavePeople("people", images: 3);
        string[] eval = ["eval", SampleModel.SaveHalved(_folder), "--embedding", Layer, "--data.path", people, "--data.test", "0.6"];
        Terminal.Run(eval).AssertFailsWith(CommandLine.WrongInput, "have one image left");
        var given = Terminal.Run([.. eval, "--threshold", "0.5"]);
        Assert.Equal(CommandLine.Done, given.ExitCode);
        Assert.Contains("4 test images: 2 pairs of one class, 4 of different classes", given.Output);
        Assert.Contains("to draw a split from; the validation has none", given.Error);
    }

    [Fact]
    public void Predict_writes_the_values_of_the_layer_as_an_exported_network_gives_them()
    {
        var (model, people, x, y) = (SampleModel.SaveHalved(_folder), SavePeople("people"), _folder.File("x.npy"), _folder.File("y.npy"));
        var outputs = Model.Load(model).UpTo(Layer).OutputCount;
        var written = Terminal.Run("predict", model, people, "--embedding", Layer, "--inputs", x, "--logits", y);
        Assert.Equal((CommandLine.Done, $"{y}: 4 x {outputs} values\n"), (written.ExitCode, written.Output));
        string[] raw = ["predict", model, "--raw", x, "--logits", _folder.File("z.npy")];
        Assert.Equal($"{_folder.File("z.npy")}: 4 x {outputs} values\n", Terminal.Run([.. raw, "--embedding", Layer]).Output);
        Assert.Equal(File.ReadAllBytes(y), File.ReadAllBytes(_folder.File("z.npy")));
        Terminal.Run([.. raw, "--embedding", "fc2"]).AssertWrongInput("no layer 'fc2'");
        Terminal.Run([.. raw, "--embedding", Layer, "--gallery", people]).AssertWrongInput("--gallery does not go with --raw");
    }

    [Fact]
    public void Export_writes_the_network_up_to_the_layer()
    {
        var (model, source) = (SampleModel.SaveHalved(_folder), _folder.File("c"));
        Assert.Equal(CommandLine.Done, Terminal.Run("export", model, "--format", "c", "--embedding", Layer, "--out", source).ExitCode);
        var header = File.ReadAllText(Assert.Single(Directory.GetFiles(source, "*.h")));
        Assert.Contains($"{Model.Load(model).UpTo(Layer).OutputCount}", header);
        var onnx = _folder.File("net.onnx");
        Assert.Equal(CommandLine.Done, Terminal.Run("export", model, "--format", "onnx", "--embedding", Layer, "--out", onnx).ExitCode);
        var back = _folder.File("back.safetensors");
        Assert.Equal(CommandLine.Done, Terminal.Run("import", onnx, "--out", back).ExitCode);
        Assert.Equal(Model.Load(model).UpTo(Layer).OutputCount, Model.Load(back).OutputCount);
    }

    [Theory]
    [InlineData("predict", "--gallery", "people", "--embedding")]
    [InlineData("predict", "--threshold", "0.5", "--gallery")]
    [InlineData("eval", "--threshold", "0.5", "--embedding")]
    [InlineData("eval", "--roc", "roc.csv", "--embedding")]
    public void Options_need_the_one_that_they_belong_to(string verb, string option, string value, string expected) =>
        Terminal.Run(verb, SampleModel.SaveHalved(_folder), option, value).AssertWrongInput(option, expected);

    [Fact]
    public void A_layer_or_a_gallery_that_is_not_there_is_named()
    {
        var (model, image) = (SampleModel.SaveHalved(_folder), SaveNoise("new.png", 9));
        Terminal.Run("predict", model, image, "--embedding", "fc2").AssertWrongInput("no layer 'fc2'; did you mean 'fc'?");
        Directory.CreateDirectory(_folder.File("empty"));
        Terminal.Run("predict", model, image, "--embedding", Layer, "--gallery", _folder.File("empty"))
            .AssertWrongInput("empty", "no folder with images");
        Terminal.Run("predict", model, image, "--embedding", Layer, "--top", "2").AssertWrongInput("--top");
    }

    private string SavePeople(string folder, int images = 2)
    {
        foreach (var (person, i) in new[] { "ann", "bob" }.Select((person, i) => (person, i)))
        {
            Directory.CreateDirectory(Path.Combine(_folder.File(folder), person));
            for (var image = 0; image < images; image++) SaveNoise(Path.Combine(folder, person, $"{image}.png"), 10 * i + image);
        }

        return _folder.File(folder);
    }

    private string SaveNoise(string name, int seed)
    {
        var random = new Random(seed);
        File.WriteAllBytes(_folder.File(name), TestImages.GreyPng(16, 16, (_, _) => (byte)random.Next(256)));
        return _folder.File(name);
    }
}
