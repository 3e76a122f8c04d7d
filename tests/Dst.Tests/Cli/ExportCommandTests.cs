using Dst.Cli;
using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

/// <summary><c>dst export</c> of a network with channels that no layer reads.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("safetensors", "smaller.safetensors")]
    [InlineData("onnx", "net.onnx")]
    [InlineData("c", "board")]
    public void Every_format_leaves_out_what_nobody_reads_and_says_so(string format, string output)
    {
        var run = Terminal.Run("export", Save(), "--format", format, "--out", _folder.File(output));
        Assert.True(run.ExitCode == CommandLine.Done, run.Error);
        Assert.Contains("conv4: 16 of 32 filters are read by no layer, and are left out\n", run.Error);
    }

    [Fact]
    public void An_onnx_file_of_a_pruned_model_is_dense_for_others()
    {
        const string dense = "the pruned weights are stored as zeros, so other runtimes compute the network as a dense one\n";
        Assert.EndsWith(dense, Export("onnx", SampleModel.SaveHalved(_folder)).Error);
        Assert.DoesNotContain("zeros", Export("onnx", SampleModel.SaveDense(_folder, "tank", "truck")).Error);
        Assert.DoesNotContain("zeros", Export("safetensors", SampleModel.SaveHalved(_folder)).Error);
        Assert.DoesNotContain("zeros", Export("onnx", Save("conv1", "conv2", "conv3", "conv4")).Error); // its mask goes with the channels

        Terminal Export(string format, string model) =>
            Terminal.Run("export", model, "--format", format, "--out", _folder.File("exported"));
    }

    [Fact]
    public void A_smaller_model_has_the_weights_that_are_read()
    {
        var (path, output) = (Save(), _folder.File("smaller.safetensors"));
        var run = Terminal.Run("export", path, "--format", "safetensors", "--out", output, "--json");
        Assert.Contains($"\"file_bytes\": {new FileInfo(output).Length}", run.Output);
        Assert.InRange(new FileInfo(output).Length, 1, new FileInfo(path).Length - sizeof(float) * 16 * 5 * 5 * 8);
        var (model, smaller) = (ModelFile.Load(path), ModelFile.Load(output));
        Assert.Equal(16, smaller.Parameters["conv4.weight"].Shape[0]);
        Assert.Equal(model.Graph.OutputShape, smaller.Graph.OutputShape);
        Assert.Empty(UnreadChannels.Describe(smaller, UnreadChannels.Remove(smaller)));
        Assert.Contains(
            "\nunread   conv1: 2 of 4 filters are read by no layer\n"
                + "         conv2: 4 of 8 filters are read by no layer\n"
                + "         conv4: 16 of 32 filters are read by no layer; ./dst export --format safetensors leaves them out\n",
            Terminal.Run("inspect", path).Output);
        Assert.DoesNotContain("unread", Terminal.Run("inspect", output).Output);
    }

    [Fact]
    public void Options_of_another_format_and_unknown_formats_are_refused()
    {
        var path = Save();
        Terminal.Run("export", path, "--format", "safetensors", "--check", "--out", _folder.File("out"))
            .AssertWrongInput("option --check goes with --format c");
        Terminal.Run("export", path, "--format", "pt", "--out", _folder.File("out"))
            .AssertWrongInput("option --format is 'pt'; onnx, c or safetensors was expected");
    }

    private string Save(params string[] dense)
    {
        var model = Initialiser.Initialise(Zoo.Build("aconvnet", new(1, 88, 88), 5, width: 0.25), seed: 1);
        var path = _folder.File("halved.safetensors");
        PruningPlan.Create(model, new() { Pattern = UhpPattern.Parse("kernel:16:16"), Exclude = dense }).ApplyTo(model).Save(path);
        return path;
    }
}
