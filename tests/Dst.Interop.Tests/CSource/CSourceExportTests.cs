using System.Diagnostics;
using System.Globalization;
using Dst.Cli;
using Dst.Graph;
using Dst.Interop.CSource;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.CSource;

public sealed class CSourceExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Nulls_are_refused_at_the_entry()
    {
        Assert.Throws<ArgumentNullException>("folder", () => CSourceExport.Write(Small(), null!, "net", CSourceCheck.None));
        Assert.Throws<ArgumentNullException>("name", () => CSourceExport.Write(Small(), "board", null!, CSourceCheck.None));
        Assert.Throws<ArgumentNullException>("model", () => CSourceExport.SizesOf(null!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2net")]
    [InlineData("a-b")]
    [InlineData("é")]
    [InlineData("while")]
    [InlineData("main")]
    [InlineData("_net")]
    [InlineData("string")]
    [InlineData("Math")]
    public void Names_that_C_does_not_allow_are_refused(string name)
    {
        Assert.Contains($"'{name}' is not a C identifier that is free", Refusal(Small(), _folder.File("out"), name));
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
        File.CreateSymbolicLink(_folder.File("dangling"), "nowhere");
        Assert.Contains("is a link to nowhere, which is no folder", Refusal(Small(), _folder.File("dangling")));
    }

    [Fact]
    public void Exports_of_one_folder_at_once_have_temporary_folders_of_their_own()
    {
        var folder = _folder.File("board");
        Assert.NotEqual(new CSourceFolder(folder).Temporary, new CSourceFolder(folder).Temporary);
    }

    [Fact]
    public void A_link_to_an_empty_folder_stays_a_link()
    {
        var link = Directory.CreateSymbolicLink(_folder.File("link"), Directory.CreateDirectory(_folder.File("real")).FullName);
        CSourceExport.Write(Small(), link.FullName, "net", CSourceCheck.None);
        Assert.NotNull(new DirectoryInfo(link.FullName).LinkTarget);
        Assert.True(File.Exists(_folder.File("real/net.c")));
    }

    [Fact]
    public void An_earlier_export_is_replaced_and_nothing_else_is()
    {
        var folder = _folder.File("board");
        Assert.False(CSourceExport.Write(Small(), folder, "first", CSourceCheck.None, WeightsPlace.Separate).ReplacesEarlier);
        foreach (var built in new[] { "first.o", "first_test" }) File.WriteAllText(Path.Combine(folder, built), "");
        Assert.True(CSourceExport.Write(Small(), folder, "second", CSourceCheck.None).ReplacesEarlier);
        string[] files = ["Makefile", "README.md", "second.c", "second.h", "second_test.c"];
        Assert.Equal(files, NamesIn(folder));

        foreach (var other in new[] { "first.o", "notes.txt", "mine.c", "second.bin" })
        {
            File.WriteAllText(Path.Combine(folder, other), "/* mine */");
            Assert.Contains($"has '{other}', which no earlier export wrote", Refusal(Small(), folder));
            File.Delete(Path.Combine(folder, other));
        }

        File.AppendAllText(Path.Combine(folder, "Makefile"), "flash: second.o\n");
        Assert.Contains("has 'Makefile', which no earlier export wrote", Refusal(Small(), folder));
        File.WriteAllText(Path.Combine(folder, "second.c"), "/* mine */");
        Assert.Contains("which no earlier export wrote", Refusal(Small(), folder));
        Assert.Equal(files, NamesIn(folder));
        Assert.Equal(["board"], NamesIn(_folder.Path));
    }

    [Fact]
    public void A_failed_check_leaves_the_earlier_export()
    {
        var folder = _folder.File("board");
        CSourceExport.Write(Small(), folder, "net", CSourceCheck.None);
        var source = File.ReadAllText(Path.Combine(folder, "net.c"));
        var check = new CSourceCheck(false, (_folder.File("none.npy"), _folder.File("none.npy")));
        Assert.Throws<InputException>(() => CSourceExport.Write(Networks.Create("resnet8", "dense", 1), folder, "net", check));
        Assert.Equal(source, File.ReadAllText(Path.Combine(folder, "net.c")));
    }

    [Fact]
    public void A_cancelled_export_ends_the_compiler_and_leaves_nothing()
    {
        var (path, tools, started) = (_folder.File("net.safetensors"), _folder.File("tools"), _folder.File("started"));
        ModelFile.Save(path, Small());
        var temporary = Directory.CreateDirectory(_folder.File("tmp")).FullName;
        Directory.CreateDirectory(tools);
        File.WriteAllText(Path.Combine(tools, "cc"), $"#!/bin/sh\necho $$ > {started}.new\nmv {started}.new {started}\nexec sleep 600\n");
        Tool.Run(tools, "chmod", "+x", "cc");
        string[] words = ["exec", Path.Combine(AppContext.BaseDirectory, "dst.dll"), "export", path, "--format", "c"];
        var start = new ProcessStartInfo("dotnet", [.. words, "--out", _folder.File("out")]);
        start.Environment["PATH"] = $"{tools}:{start.Environment["PATH"]}";
        start.Environment["TMPDIR"] = temporary;
        using var export = Process.Start(start)!;
        while (!File.Exists(started) && !export.HasExited) Thread.Sleep(20);
        Tool.Run(tools, "kill", "-TERM", $"{export.Id}");
        export.WaitForExit();
        Assert.Equal(CommandLine.Cancelled, export.ExitCode);
        Assert.False(IsRunning(int.Parse(File.ReadAllText(started), CultureInfo.InvariantCulture)));
        Assert.Empty(Directory.EnumerateDirectories(temporary, "dst-code-*"));
        Assert.Equal(["net.safetensors", "started", "tmp", "tools"], NamesIn(_folder.Path));

        static bool IsRunning(int id) => File.Exists($"/proc/{id}/cmdline") && File.ReadAllText($"/proc/{id}/cmdline").Length > 0;
    }

    [Theory]
    [InlineData("runs/dst-int8.safetensors", "dst_int8")]
    [InlineData("2net.onnx", "net_2net")]
    [InlineData("while", "net_while")]
    [InlineData("math.safetensors", "net_math")]
    [InlineData("features.safetensors", "net_features")]
    [InlineData("größe.safetensors", "gr__e")]
    [InlineData(".safetensors", "net_")]
    [InlineData("a23456789-123456789-123456789-123456789-123", "a23456789_123456789_123456789_123456789_")]
    public void A_name_is_made_of_any_file_name(string file, string expected) => Assert.Equal(expected, CSourceExport.NameFor(file));

    [Fact]
    public void The_command_takes_its_own_name_replaces_its_own_source_and_refuses_its_options_for_another_format()
    {
        var path = _folder.File("dst-int8.safetensors");
        ModelFile.Save(path, Small());
        var folder = _folder.File("board");
        Assert.DoesNotContain("replaced", Run("export", path, "--format", "c", "--out", folder).Output);
        Assert.Contains($"the earlier source in {folder} was replaced\n", Run("export", path, "--format", "c", "--out", folder).Output);
        Assert.True(File.Exists(Path.Combine(folder, "dst_int8.c")));
        Assert.Contains("'a-b' is not a C", Run("export", path, "--format", "c", "--out", folder, "--name", "a-b").Errors);
        string[][] options = [["--check"], ["--check-data", "x", "y"], ["--weights", "source"], ["--name", "net"]];
        foreach (var option in options)
        {
            var (code, _, errors) = Run(["export", path, "--format", "onnx", "--out", _folder.File("net.onnx"), .. option]);
            Assert.Equal((2, $"dst: option {option[0]} goes with --format c, which was expected\n"), (code, errors));
        }
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
        model = model with { ClassNames = [.. Enumerable.Range(1, model.OutputCount).Select(number => $"größe $a@NAME@ *{number}|`")] };
        var report = CSourceExport.Write(model, folder, "net", CSourceCheck.None);
        Assert.Equal(["Makefile", "README.md", "net.c", "net.h", "net_classes.h", "net_test.c"], NamesIn(folder));
        Assert.InRange((double)report.Sizes.WeightBytes / report.Dense.WeightBytes, 0.48, 0.5); // nobody reads 8 of 16 filters
        Assert.Equal(report.Sizes.ArenaBytes, report.Dense.ArenaBytes);
        var readme = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.Contains("\n0. `` größe $a@NAME@ *1|` ``\n1. `` größe $a@NAME@ *2|` ``\n", readme);
        Assert.DoesNotContain("@", readme.Replace("@NAME@", "", StringComparison.Ordinal));
        Assert.True(CSourceExport.Write(Small(), folder, "other", CSourceCheck.None).ReplacesEarlier);
    }

    [Fact]
    public void Classes_of_any_name_are_constants_of_a_header()
    {
        string[] classes = ["a,b", "say \"hi\" \\n", "größe 漢1", "tri??/graph", "@NAME@ $a */"];
        var model = Networks.Create("resnet8", "dense", 0.25) with { ClassNames = classes };
        var folder = _folder.File("board");
        CSourceExport.Write(model, folder, "net", CSourceCheck.None);
        File.WriteAllText(Path.Combine(folder, "main.c"), """
            #include "net.h"
            #include "net_classes.h"
            #include <stdio.h>
            int main(void)
            {
                for (int i = 0; i < NET_OUTPUTS; i++) puts(net_classes[i]);
                return 0;
            }
            """);
        foreach (var (compiler, flags) in new[] { ("gcc", "-std=c99 -trigraphs -Wpedantic"), ("g++", "-std=c++11 -Wpedantic") })
        {
            var (code, output) = Tool.Run(folder, compiler, [.. flags.Split(' '), "-Wall", "-Wextra", "-Werror", "main.c", "-o", "main"]);
            Assert.True(code == 0, output);
            Assert.Equal(string.Join('\n', classes) + "\n", Tool.Run(folder, Path.Combine(folder, "main")).Output);
        }
    }

    [Fact]
    public void An_embedding_says_that_it_is_one_of_which_layer_and_how_two_are_compared()
    {
        var model = Networks.Create("resnet8", "dense", 0.25);
        var layer = model.Graph.Nodes[^2].Name;
        CSourceExport.Write(model.UpTo(layer), _folder.File("out"), "net", CSourceCheck.None);
        foreach (var file in new[] { "README.md", "net.h" })
        {
            var text = File.ReadAllText(Path.Combine(_folder.File("out"), file));
            Assert.Contains($"the values of layer '{layer}', not scaled to length 1", text);
            Assert.Contains("sum(a * b) / sqrt(sum(a * a) * sum(b * b))", text);
        }

        Assert.Contains(" values: C99", File.ReadAllText(Path.Combine(_folder.File("out"), "net.h")));
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
        Assert.Equal(Small().Graph.Input.Count * sizeof(float), sizes.ImageBytes);
        Assert.Contains(
            $" of RAM as C source, without code, stack and the image of {Format.Bytes(sizes.ImageBytes)}\n", Run("inspect", path).Output);
        Assert.Contains($"which the caller holds | {sizes.ImageBytes} bytes |", File.ReadAllText(_folder.File("out/README.md")));
        Assert.Contains($"| flash: code | {sizes.CodeBytes} bytes, as compiled", File.ReadAllText(_folder.File("out/README.md")));
        var (_, table, _) = Run("export", path, "--format", "c", "--out", _folder.File("again"));
        Assert.Matches($@"RAM: image, the caller's +{sizes.ImageBytes:N0}", table);
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

    private static IEnumerable<string?> NamesIn(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static string Refusal(Model model, string folder, string name = "net") =>
        Assert.Throws<InputException>(() => CSourceExport.Write(model, folder, name, CSourceCheck.None)).Message;

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(arguments, output, errors), output.ToString(), errors.ToString());
    }

    private static Model Small() => Networks.Create("activations", "dense", 1);
}
