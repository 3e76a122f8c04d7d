using System.Text.Json;
using Dst.Cli;
using Dst.ModelFiles;
using Dst.Tests.Foundations;

namespace Dst.Tests.Cli;

public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_has_totals_and_a_row_a_layer()
    {
        var path = SampleModel.SaveHalved(_folder);
        var run = Terminal.Run("inspect", path, "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var root = document.RootElement;
        Assert.Equal(SampleModel.Network, root.GetProperty("network").GetString());
        Assert.Equal(new FileInfo(path).Length, root.GetProperty("file_bytes").GetInt64());
        Assert.Equal(SampleModel.ClassNames, root.GetProperty("class_names").EnumerateArray().Select(name => name.GetString()));

        Assert.Equal(16 / 8, root.GetProperty("mask_bytes").GetInt64());

        var halved = root.GetProperty("layers").EnumerateArray()
            .Single(layer => layer.GetProperty("layer").GetString() == SampleModel.HalvedLayer);
        var weights = halved.GetProperty("weights").GetInt64();
        Assert.Equal(weights / 2, halved.GetProperty("nonzero").GetInt64());
        Assert.Equal(halved.GetProperty("macs").GetInt64() / 2, halved.GetProperty("effective_macs").GetInt64());
        Assert.Equal("kernel:16:2", halved.GetProperty("pattern").GetString());
        Assert.Equal(root.GetProperty("weights").GetInt64() - weights / 2, root.GetProperty("nonzero").GetInt64());
    }

    [Fact]
    public void The_dense_size_is_that_of_the_same_model_without_masks()
    {
        var path = SampleModel.SaveHalved(_folder);
        var model = ModelFile.Load(path);
        ModelFile.Save(
            _folder.File("dense"),
            new Model(model.Graph, model.Parameters) { ClassNames = model.ClassNames, Normalisation = model.Normalisation });
        using var document = JsonDocument.Parse(Terminal.Run("inspect", path, "--json").Output);
        Assert.Equal(new FileInfo(_folder.File("dense")).Length, document.RootElement.GetProperty("dense_file_bytes").GetInt64());
        Assert.Matches(@"(?m)^file .* 0\.\d\d\d of .* dense; the masks take 2 B of it", Terminal.Run("inspect", path).Output);
    }

    [Fact]
    public void The_size_is_that_of_the_file_itself()
    {
        var path = SampleModel.SaveHalved(_folder);
        var bytes = File.ReadAllBytes(path);
        var header = (int)BitConverter.ToInt64(bytes, 0);
        var padded = _folder.File("padded.safetensors"); // as other programs pad a header
        var (text, tensors) = (bytes[8..(8 + header)], bytes[(8 + header)..]);
        File.WriteAllBytes(padded, [.. BitConverter.GetBytes(header + 800L), .. text, .. Spaces(800), .. tensors]);
        using var document = JsonDocument.Parse(Terminal.Run("inspect", padded, "--json").Output);
        Assert.Equal(bytes.Length + 800, document.RootElement.GetProperty("file_bytes").GetInt64());

        static IEnumerable<byte> Spaces(int count) => Enumerable.Repeat((byte)' ', count);
    }

    [Fact]
    public void The_size_of_a_model_behind_a_link_is_its_own()
    {
        var path = SampleModel.SaveHalved(_folder);
        var link = File.CreateSymbolicLink(_folder.File("link"), path).FullName;
        Assert.Equal(Terminal.Run("inspect", path).Output.Replace(path, link), Terminal.Run("inspect", link).Output);
    }

    [Fact]
    public void Options_of_the_plan_are_refused_without_it()
    {
        var path = SampleModel.SaveHalved(_folder);
        foreach (var option in new[] { "--no-cache", "--no-tune" })
            Terminal.Run("inspect", path, option).AssertWrongInput($"option {option} goes with --plan");
    }

    [Fact]
    public void Text_names_classes_and_layers()
    {
        var run = Terminal.Run("inspect", SampleModel.SaveHalved(_folder));
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains(string.Join(", ", SampleModel.ClassNames), run.Output);
        Assert.Matches($"(?m)^{SampleModel.HalvedLayer} .* 50.0% .*kernel:16:2$", run.Output);
    }

    [Fact]
    public void Nodes_have_every_name_that_an_option_takes()
    {
        var path = SampleModel.SaveHalved(_folder);
        var names = ModelFile.Load(path).Graph.Nodes.Select(node => node.Name).ToList();
        using var document = JsonDocument.Parse(Terminal.Run("inspect", path, "--nodes", "--json").Output);
        var nodes = document.RootElement.GetProperty("nodes").EnumerateArray().ToList();
        Assert.Equal(names, nodes.Select(node => node.GetProperty("node").GetString()));
        var sum = nodes.Single(node => node.GetProperty("node").GetString() == "layer1.0.add");
        Assert.Equal(("add", "16x16x16"), (sum.GetProperty("operation").GetString(), sum.GetProperty("output").GetString()));
        Assert.Matches("(?m)^layer1.0.relu2 +relu +16x16x16 +layer1.0.add$", Terminal.Run("inspect", path, "--nodes").Output);
        Assert.DoesNotContain("relu", Terminal.Run("inspect", path).Output);
    }

    [Fact]
    public void Plan_has_the_form_of_each_convolution()
    {
        var path = SampleModel.SaveHalved(_folder);
        using var document = JsonDocument.Parse(Terminal.Run("inspect", path, "--plan", "--json").Output);
        var layers = document.RootElement.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("layer").GetString());
        var plan = document.RootElement.GetProperty("plan").EnumerateArray().ToList();
        Assert.Equal(layers.Where(layer => layer != "fc"), plan.Select(layer => layer.GetProperty("layer").GetString()));
        var halved = plan.Single(layer => layer.GetProperty("layer").GetString() == SampleModel.HalvedLayer);
        var forms = halved.GetProperty("alternatives").EnumerateArray().Append(halved.GetProperty("chosen"));
        Assert.Contains(
            ("direct", true), forms.Select(form => (form.GetProperty("form").GetString(), form.GetProperty("uses_mask").GetBoolean())));
        Assert.Contains("alternatives", Terminal.Run("inspect", path, "--plan").Output);
    }

    [Fact]
    public void Plan_is_measured_once_unless_asked_otherwise()
    {
        var path = SampleModel.SaveHalved(_folder);
        Terminal.Run("inspect", path, "--plan");
        Assert.Contains(" measured earlier", Terminal.Run("inspect", path, "--plan").Output);
        Assert.DoesNotContain("earlier", Terminal.Run("inspect", path, "--plan", "--no-cache").Output);
        Assert.DoesNotContain("measured", Terminal.Run("inspect", path, "--plan", "--no-tune").Output);
    }

    [Fact]
    public async Task Processes_that_write_the_cache_at_once_leave_a_whole_one()
    {
        var path = SampleModel.SaveHalved(_folder);
        var runs = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(
                _ => Task.Run(() => Terminal.RunProcess("XDG_CACHE_HOME", _folder.Path, "inspect", path, "--plan"))));
        Assert.All(runs, run => Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error)));
        using var cache = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder.Path, "dst", "plans.json")));
        Assert.NotEqual(0, cache.RootElement.GetProperty("layers").GetArrayLength());
    }

    [Fact]
    public void A_damaged_cache_is_a_warning()
    {
        Directory.CreateDirectory(_folder.File("dst"));
        File.WriteAllText(Path.Combine(_folder.Path, "dst", "plans.json"), "{");
        var run = Terminal.RunProcess("XDG_CACHE_HOME", _folder.Path, "inspect", SampleModel.SaveHalved(_folder), "--plan");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("plans.json' is ignored", run.Error);
    }

    [Fact]
    public void A_missing_file_is_named() => Terminal.Run("inspect", _folder.File("none.safetensors")).AssertWrongInput("none.safetensors");

    [Fact]
    public void A_file_of_another_kind_is_named()
    {
        File.WriteAllText(_folder.File("notes.txt"), "These are notes, not a model.");
        Terminal.Run("inspect", _folder.File("notes.txt")).AssertWrongInput("notes.txt");
    }
}
