using System.IO.Compression;
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
        Write("bands.tif", TestImages.Tiff(false, 2, 2, 8, new byte[8], channels: 2)); // is read, but the network takes other bands
        var run = Terminal.Run("predict", _model, _folder.File("images"), _folder.File("missing.png"));
        Assert.Equal((CommandLine.WrongInput, good), (run.ExitCode, run.Output));
        var lines = run.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Contains("1a.png' is not an image", lines[0]);
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
    public void Json_has_an_error_for_a_bad_file()
    {
        Write("1a.png", "no picture"u8.ToArray());
        var run = Terminal.Run("predict", _model, _folder.File("images"), "--json");
        Assert.Equal(CommandLine.WrongInput, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var files = document.RootElement.EnumerateArray().ToArray();
        Assert.Equal(4, files.Length);
        Assert.Equal(0, files[2].GetProperty("predictions").GetArrayLength());
        Assert.Contains("is not an image", files[2].GetProperty("error").GetString());
        Assert.Equal(JsonValueKind.Null, files[3].GetProperty("error").ValueKind);
        Assert.Equal(1, files[3].GetProperty("predictions").GetArrayLength());
    }

    [Fact]
    public void Without_a_good_file_the_first_bad_one_is_the_error()
    {
        for (var i = 0; i < 3; i++) Write($"{i}.png", "no picture"u8.ToArray());
        Terminal.Run("predict", _model, _folder.File("images"), "--json").AssertWrongInput("0.png' is not an image");
    }

    [Fact]
    public void The_share_of_large_images_that_is_seen_is_said()
    {
        Assert.Equal("", Terminal.Run("predict", _model, _folder.File("images")).Error);
        Write("large.png", TestImages.GreyPng(64, 32, (y, x) => (byte)(x + y)));
        Assert.Equal(
            "1 image is larger than the input of 16x16: the centre is seen, 12.5 % of the pixels, and the rest is not\n",
            Terminal.Run("predict", _model, _folder.File("images")).Error);
    }

    private void Write(string name, byte[] content) => File.WriteAllBytes(Path.Combine(_folder.File("images"), name), content);
}
