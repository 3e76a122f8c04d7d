using Dst.Cli;
using Dst.Graph;
using Dst.Interop.CSource;
using Dst.ModelFiles;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.CSource;

public sealed class CSourceExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("2net")]
    [InlineData("a-b")]
    [InlineData("é")]
    [InlineData("while")]
    [InlineData("_net")]
    public void Names_that_C_does_not_allow_are_refused(string name)
    {
        Assert.Contains($"'{name}' is not a C identifier", Refusal(Small(), _folder.File("out"), name));
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    [Fact]
    public void Folders_with_files_stay_as_they_are()
    {
        var folder = Directory.CreateDirectory(_folder.File("full")).FullName;
        File.WriteAllText(Path.Combine(folder, "mine.txt"), "");
        Assert.Contains("is not empty", Refusal(Small(), folder));
        Assert.Contains("is a file", Refusal(Small(), Path.Combine(folder, "mine.txt")));
        Assert.Contains("cannot be written", Refusal(Small(), "/proc/none/out"));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void A_weight_that_is_no_number_leaves_no_folder()
    {
        var model = Small();
        model.Parameters["conv.weight"].Data[3] = float.NaN;
        Assert.Contains("NaN; finite ones were expected", Refusal(model, _folder.File("out")));
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    [Fact]
    public void An_empty_folder_gets_all_files_and_the_zeros_are_not_among_them()
    {
        var folder = Directory.CreateDirectory(_folder.File("empty")).FullName;
        var model = Networks.Create("resnet8", "kernel:16:16", 1);
        model = model with { ClassNames = [.. Enumerable.Range(1, model.OutputCount).Select(number => $"größe|{number}")] };
        var report = CSourceExport.Write(model, folder, "net", CSourceCheck.None);
        Assert.Equal(
            ["Makefile", "README.md", "net.c", "net.h", "net_test.c"],
            Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.InRange((double)report.Sizes.WeightBytes / report.Dense.WeightBytes, 0.5, 0.56);
        Assert.Equal(report.Sizes.ArenaBytes, report.Dense.ArenaBytes);
        var readme = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.DoesNotContain("@", readme);
        Assert.Contains("größe_1, größe_2", readme);
    }

    [Fact]
    public void The_command_checks_the_source_and_reports_its_sizes()
    {
        var path = _folder.File("chips.safetensors");
        ModelFile.Save(path, Small());
        var (output, errors) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, CommandLine.Run(["export", path, "--format", "c", "--out", _folder.File("out"), "--check"], output, errors));
        Assert.Contains("chips: 2 images", output.ToString());
        Assert.Contains("RAM: arena", output.ToString());
        Assert.Equal(2, CommandLine.Run(["export", path, "--format", "d", "--out", _folder.File("out2")], output, errors));
        Assert.Contains("--format is 'd'", errors.ToString());
    }

    [Fact]
    public void The_command_compares_with_the_logits_of_another_program()
    {
        var path = _folder.File("chips.safetensors");
        var model = Small();
        ModelFile.Save(path, model);
        var input = model.Graph.Input;
        var random = new Random(3);
        int[] shape = [3, input.Channels, input.Height, input.Width];
        var images = Enumerable.Range(0, 3 * (int)input.Count).Select(_ => random.NextSingle() - 0.5f).ToArray();
        NpyFile.Write(_folder.File("x.npy"), shape, images);
        Assert.Equal(0, Run("predict", path, "--raw", _folder.File("x.npy"), "--logits", _folder.File("y.npy")).Code);

        var (code, output, _) = Export("good", "y.npy");
        Assert.Equal(0, code);
        Assert.Contains("chips: 3 images", output);
        Assert.Equal(5, Directory.EnumerateFiles(_folder.File("good")).Count());

        var (logitShape, logits) = NpyFile.Read(_folder.File("y.npy"));
        logits[^1] += 0.01f * logits.Max(Math.Abs);
        NpyFile.Write(_folder.File("wrong.npy"), logitShape, logits);
        var (failure, _, errors) = Export("bad", "wrong.npy");
        Assert.Equal(1, failure);
        Assert.Contains($"logit {logitShape[1] - 1} of image 2", errors);
        Assert.EndsWith("wrong, differences up to 1.0e-02 of the largest logit; at most 1e-04 was expected\n", errors);
        Assert.DoesNotContain("make", errors);
        Assert.False(Directory.Exists(_folder.File("bad")));

        var (refusal, _, sentence) = Export("shapes", "x.npy");
        Assert.Equal(2, refusal);
        Assert.Contains($"[3, {logitShape[1]}] was expected", sentence);

        (int Code, string Output, string Errors) Export(string folder, string expected) => Run(
            "export", path, "--format", "c", "--out", _folder.File(folder),
            "--check-data", _folder.File("x.npy"), _folder.File(expected));
    }

    [Fact]
    public void Inspect_shows_flash_and_memory_before_an_export()
    {
        var path = _folder.File("chips.safetensors");
        ModelFile.Save(path, Small());
        var sizes = CSourceExport.Write(Small(), _folder.File("out"), "chips", CSourceCheck.None).Sizes;
        Assert.True(sizes.StackBytes is > 0 and < 4096);
        Assert.Equal(sizes with { CodeBytes = null, StackBytes = null }, CSourceExport.SizesOf(Small()));
        Assert.Contains($"\"arena_bytes\": {sizes.ArenaBytes}", Run("inspect", path, "--json").Output);
        Assert.Contains(" of RAM as C source", Run("inspect", path).Output);
    }

    [Fact]
    public void The_code_of_very_many_operations_is_not_measured()
    {
        var nodes = Enumerable.Range(1, 5001)
            .Select(i => new Node($"n{i}", new SigmoidOp(), [i == 1 ? NetworkGraph.InputName : $"n{i - 1}"]));
        var model = new Model(new(new("long", new(1, 2, 2), [.. nodes])), new Dictionary<string, Tensor>());
        var report = CSourceExport.Write(model, _folder.File("long"), "chips", CSourceCheck.None);
        Assert.Equal("it has 5001 operations, and they are measured of up to 5000", report.Problem);
        Assert.Null(report.Sizes.CodeBytes);
        Assert.Contains("n5001", File.ReadAllText(Path.Combine(_folder.File("long"), "chips.c")));
    }

    private static string Refusal(Model model, string folder, string name = "net") =>
        Assert.Throws<InputException>(() => CSourceExport.Write(model, folder, name, CSourceCheck.None)).Message;

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(arguments, output, errors), output.ToString(), errors.ToString());
    }

    private static Model Small() => Networks.Create("activations", "dense", 1);
}
