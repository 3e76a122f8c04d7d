using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary><c>dst predict</c> on folders in which not every file is as it should be.</summary>
public sealed class PredictFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public PredictFilesTests()
    {
        _model = SampleModel.SaveHalved(_folder);
        Directory.CreateDirectory(_folder.File("images"));
        for (var i = 0; i < 3; i++) Write($"{i}.png", TestImages.GreyPng(16, 16, (y, x) => (byte)(16 * y + i)));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_bad_file_is_named_and_the_others_are_predicted()
    {
        var good = Terminal.Run("predict", _model, _folder.File("images")).Output;
        Write("1a.png", "no picture"u8.ToArray());
        Write("bands.tif", TestImages.Tiff(false, 16, 16, 8, new byte[512], channels: 2)); // is read, but the network takes other bands
        var run = Terminal.Run("predict", _model, _folder.File("images"), _folder.File("missing.png"));
        Assert.Equal((CommandLine.WrongInput, good), (run.ExitCode, run.Output));
        var lines = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Contains("1a.png' is of no format", lines[0]);
        Assert.Contains("bands.tif' has 2 bands", lines[1]);
        Assert.Contains("missing.png' does not exist", lines[2]);
        Assert.StartsWith("dst: 3 of 6 images could not be predicted", lines[3]);
    }

    [Fact]
    public void A_zip_archive_is_predicted_as_the_folder_in_it()
    {
        ZipFile.CreateFromDirectory(_folder.File("images"), _folder.File("images.zip"));
        var folder = Terminal.Run("predict", _model, _folder.File("images"));
        var zip = Terminal.Run("predict", _model, _folder.File("images.zip"), _folder.File("images.zip"));
        Assert.Equal((CommandLine.Done, ""), (zip.ExitCode, zip.Error));
        Assert.Equal(folder.Output + folder.Output, zip.Output.Replace("images.zip/", "images/"));
    }

    [Fact]
    public void Images_of_a_folder_are_named_as_the_folder_was()
    {
        var folder = Path.GetRelativePath(Environment.CurrentDirectory, _folder.File("images"));
        var lines = Terminal.Run("predict", _model, folder).Output.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.All(lines.Index(), line => Assert.StartsWith($"{Path.Combine(folder, $"{line.Index}.png")}: ", line.Item));
    }

    [Fact]
    public void Inputs_are_what_enters_the_network()
    {
        string File(string name) => _folder.File(name);
        var run = Terminal.Run("predict", _model, File("images"), "--inputs", File("x.npy"), "--logits", File("y.npy"));
        Assert.Equal((CommandLine.Done, $"{File("y.npy")}: 3 x 3 logits\n"), (run.ExitCode, run.Output));
        Assert.Equal(CommandLine.Done, Terminal.Run("predict", _model, "--raw", File("x.npy"), "--logits", File("z.npy")).ExitCode);
        Assert.Equal(System.IO.File.ReadAllBytes(File("y.npy")), System.IO.File.ReadAllBytes(File("z.npy")));
        Terminal.Run("predict", _model, File("images"), "--inputs", File("x.npy")).AssertWrongInput("--inputs without --logits");
        Terminal.Run("predict", _model, File("images"), "--inputs", "a.npy", "--logits", "a.npy").AssertWrongInput("a.npy", "two files");
        Terminal.Run("predict", _model, File("images"), "--raw", "b.npy", "--inputs", "a.npy", "--logits", "c.npy")
            .AssertWrongInput("--raw and --inputs");
    }

    [Fact]
    public void Json_has_an_error_for_a_bad_file()
    {
        Write("1a.png", "no picture"u8.ToArray());
        var run = Terminal.Run("predict", _model, _folder.File("images"), "--json");
        Assert.Equal(CommandLine.WrongInput, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var files = document.RootElement.EnumerateArray().ToArray();
        Assert.Equal(4, files.Length);
        Assert.Equal(0, files[2].GetProperty("predictions").GetArrayLength());
        Assert.Contains("is of no format", files[2].GetProperty("error").GetString());
        Assert.Equal(JsonValueKind.Null, files[3].GetProperty("error").ValueKind);
        Assert.Equal(1, files[3].GetProperty("predictions").GetArrayLength());
    }

    [Fact]
    public void Without_a_good_file_each_has_its_error()
    {
        for (var i = 0; i < 3; i++) Write($"{i}.png", "no picture"u8.ToArray());
        var run = Terminal.Run("predict", _model, _folder.File("images"), "--json");
        Assert.Equal(CommandLine.WrongInput, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(3, document.RootElement.GetArrayLength());
        Assert.All(
            document.RootElement.EnumerateArray(), file => Assert.Contains("is of no format", file.GetProperty("error").GetString()));
        Assert.Contains("2.png' is of no format", run.Error);
        Terminal.Run("predict", _model, _folder.File("images")).AssertFailsWith(CommandLine.WrongInput, "2.png' is of no format");
        var one = Terminal.Run("predict", _model, Path.Combine(_folder.File("images"), "0.png"), "--json");
        Assert.Equal(CommandLine.WrongInput, one.ExitCode);
        Assert.StartsWith("dst: ", Assert.Single(one.Error.TrimEnd('\n').Split('\n')));
        Assert.Contains("is of no format", one.Output);
    }

    [Fact]
    public void Images_on_another_scale_are_a_warning()
    {
        const string Words = "warning: the images are on another scale than those that the model learnt from: their mean is";
        var images = _folder.File("images");
        Write("3.tif", FloatTiff(value => value));
        Assert.Equal("", Terminal.Run("predict", _model, images).Error);
        for (var i = 0; i < 4; i++) Write($"{i}.tif", FloatTiff(value => 2000 * value + i));
        var log = Assert.Single(Terminal.Run("predict", _model, images).Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith(Words, log);
        var dark = Directory.CreateDirectory(_folder.File("dark")).FullName;
        for (var i = 0; i < 4; i++) File.WriteAllBytes(Path.Combine(dark, $"{i}.tif"), FloatTiff(value => 0.1f + 1e-4f * value));
        Assert.Contains("they vary by", Terminal.Run("predict", _model, dark).Error);
        Assert.Equal("", Terminal.Run("predict", _model, Path.Combine(dark, "0.tif")).Error); // a night picture
        var units = _folder.File("units.safetensors");
        var model = Model.Load(_model);
        (model with { Normalisation = model.Normalisation! with { Deviation = [1f / 255] } }).Save(units);
        Assert.Equal("", Terminal.Run("predict", units, dark).Error);

        foreach (var name in SampleModel.ClassNames)
        {
            for (var i = 0; i < 5; i++)
            {
                var folder = Directory.CreateDirectory(_folder.File($"data/{name}")).FullName;
                File.WriteAllBytes(Path.Combine(folder, $"{i}.tif"), FloatTiff(value => 2000 * value + i));
            }
        }

        Assert.Single(Terminal.Run("eval", _model, _folder.File("data")).Error.Split('\n'), line => line.StartsWith(Words));
    }

    private static byte[] FloatTiff(Func<float, float> valueOf)
    {
        var samples = Enumerable.Range(0, 256).Select(i => valueOf(i % 17 / 16f)).ToArray();
        return TestImages.Tiff(false, 16, 16, 32, MemoryMarshal.AsBytes<float>(samples).ToArray(), format: 3);
    }

    [Fact]
    public void The_share_of_large_images_that_is_seen_is_said()
    {
        Assert.Equal("", Terminal.Run("predict", _model, _folder.File("images")).Error);
        Write("large.png", TestImages.GreyPng(64, 32, (y, x) => (byte)(x + y)));
        const string Line = "1 image is larger than the input of 16x16: the centre is seen, 12.5 % of the pixels, and the rest is not"
            + "; if the model learnt from resized images, let its normalisation resize them, with the fit crop if the ratio of the sides"
            + " was kept (dst import --resize N --fit crop)\n";
        string[] call = ["predict", _model, _folder.File("images")];
        Assert.Equal(Line, Terminal.Run(call).Error);
        Assert.Equal(Line, Terminal.Run([.. call, "--inputs", _folder.File("x.npy"), "--logits", _folder.File("y.npy")]).Error);
        Assert.Equal(Line, Terminal.Run([.. call, "--embedding", "layer3.0.relu2"]).Error);
        string[] gallery = ["--embedding", "layer3.0.relu2", "--gallery", _folder.Path];
        Assert.Equal(Line, Terminal.Run(["predict", _model, Path.Combine(_folder.File("images"), "0.png"), .. gallery]).Error);
    }

    [Fact]
    public void An_input_of_mostly_zeros_is_said()
    {
        Write("small.png", TestImages.GreyPng(8, 10, (y, x) => (byte)(x + y)));
        Write("close.png", TestImages.GreyPng(8, 16, (y, x) => (byte)(x + y)));
        var line = Assert.Single(Terminal.Run("predict", _model, _folder.File("images")).Error.TrimEnd('\n').Split('\n'));
        Assert.Equal(
            "1 image is smaller than the input of 16x16: 68.8 % of the input is zeros around them; if the model learnt from resized "
            + "images, let its normalisation resize them, with the fit crop if the ratio of the sides was kept (dst import --resize N "
            + "--fit crop)", line);
    }

    [Fact]
    public void Much_stretched_images_are_said()
    {
        var resizing = _folder.File("resizing.safetensors");
        Assert.Equal(CommandLine.Done, Terminal.Run("import", _model, "--resize", "16", "--out", resizing).ExitCode);
        Write("large.png", TestImages.GreyPng(64, 32, (y, x) => (byte)(x + y)));
        var image = Path.Combine(_folder.File("images"), "large.png");
        Assert.Equal(
            "1 image: resized to 16x16, stretched 2.0 times (data.fit: stretch)\n", Terminal.Run("predict", resizing, image).Error);
        var cutting = _folder.File("cutting.safetensors");
        Assert.Equal(CommandLine.Done, Terminal.Run("import", resizing, "--fit", "crop", "--out", cutting).ExitCode);
        Assert.Equal(
            "1 image is cut by data.fit crop: the centre is seen, 50.0 % of the pixels, and the rest is not\n",
            Terminal.Run("predict", cutting, image).Error);
    }

    [Fact]
    public void An_imported_model_resizes_images_first()
    {
        Write("large.png", TestImages.GreyPng(64, 32, (y, x) => (byte)(x + y)));
        var (resizing, normalised) = (_folder.File("resizing.safetensors"), _folder.File("normalised.safetensors"));
        Assert.Equal(CommandLine.Done, Terminal.Run("import", _model, "--resize", "16", "--out", resizing).ExitCode);
        Assert.Equal(Model.Load(_model).Normalisation! with { Resize = 16 }, Model.Load(resizing).Normalisation, Same);
        Assert.Equal("", Terminal.Run("predict", resizing, _folder.File("images")).Error);
        Assert.Equal(CommandLine.Done, Terminal.Run("import", resizing, "--normalise", "0.5/0.2", "--out", normalised).ExitCode);
        Assert.Equal(16, Model.Load(normalised).Normalisation!.Resize);
        Terminal.Run("import", _model, "--resize", "0", "--out", resizing).AssertWrongInput("--resize", "of 1 to 4096");

        static bool Same(InputNormalisation? one, InputNormalisation? other) => Values(one!) == Values(other!);

        static (ImageSize, AmplitudeTransform, float, float) Values(InputNormalisation normalisation) =>
            (normalisation.Resize, normalisation.Amplitude, normalisation.Mean[0], normalisation.Deviation[0]);
    }

    private void Write(string name, byte[] content) => File.WriteAllBytes(Path.Combine(_folder.File("images"), name), content);
}
