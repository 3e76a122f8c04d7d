using System.Text.Json;
using Dst.Cli;
using Dst.Cli.Bench;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Report.Renderers;
using Dst.Tests.Foundations;
using Dst.Tests.Report;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

public class BenchCommandTests
{
    private static readonly string[] TinyTraining = [
        "bench", "train", "--arch", "resnet8", "--width", "0.5", "--input", "1,8,8", "--batch", "2", "--steps", "3", "--json"];

    [Fact]
    public void Threads_above_the_number_of_cores_share_them()
    {
        var peak = new MachinePeak(100, 2.5);
        var cores = Environment.ProcessorCount;
        Assert.Equal(peak.MultiplyAddsPerCycle(SimdTiers.Best, cores), peak.MultiplyAddsPerCycle(SimdTiers.Best, 64 * cores));
    }

    [Fact]
    public void Kernels_of_inference_alone_are_measured_in_their_forward_pass()
    {
        var family = new KernelFamily("test", [new(3, 8, 8, 16, 3, 3, 1, 1)], [], HasUnstructured: false, HasFft: false);
        var report = new KernelBench(SimdTiers.Best, family, threads: 1, CancellationToken.None).Run(_ => { });
        Assert.All(report.Kernels, kernel => Assert.True(kernel.Ms > 0 && kernel.Gflops > 0));
        var measured = report.Kernels.Select(kernel => kernel.Kernel).ToHashSet();
        foreach (var pass in new[] { "forward", "backward-data", "backward-weight" }) Assert.Contains($"dense {pass}", measured);
        var forms = ConvolutionForm.OfInferenceAlone.Where(form => form.Supports(SimdTiers.Best, family.Layers[0], kept: null)).ToList();
        Assert.Equal(SimdTiers.Best switch { SimdTier.Scalar => 0, SimdTier.V512 => 3, _ => 1 }, forms.Count);
        foreach (var form in forms) Assert.Equal($"dense {form} forward", Assert.Single(measured, kernel => kernel.Contains($" {form} ")));
    }

    [Theory]
    [InlineData(256, false)]
    [InlineData(250, false)]
    [InlineData(190, true)]
    [InlineData(126, false)]
    public void A_peak_that_is_not_of_whole_units_was_disturbed(double gflops, bool isDisturbed)
    {
        var peak = new MachinePeak(gflops, 4);
        Assert.False(peak.IsDisturbed(SimdTier.Scalar, 1)); // whose probe waits for its own sums
        Assert.Equal(isDisturbed, TextRenderer.Render(new(peak, peak.Describe("cpu", SimdTier.V512, 1))).Contains("disturbed"));
    }

    [Theory]
    [InlineData(101, true, true)]
    [InlineData(99, true, false)]
    [InlineData(250, false, false)]
    public void A_kernel_that_beats_the_peak_is_named(double percent, bool doesAll, bool isNamed)
    {
        var kernel = new KernelResult("dense forward", "layer", 1, 1, percent, 1) { DoesAll = doesAll };
        var report = new KernelReport("cpu", SimdTier.V512, 1, 256, 4, [kernel]);
        Assert.Equal(isNamed, TextRenderer.Render(report.ToResult()).Contains("warning: dense forward of layer has"));
    }

    [Theory]
    [InlineData(99.9, false)]
    [InlineData(201, true)]
    public void A_share_above_the_peak_says_why(double percent, bool hasReason)
    {
        var report = new NetworkReport
        {
            Cpu = "cpu",
            Tier = SimdTier.V256,
            Model = "model",
            WeightStore = "dense",
            Threads = 1,
            Batch = 1,
            LatencyMs = new(1, 1, 1, 1),
            ImagesPerSecond = 1000,
            FileBytes = null,
            ResidentBytes = 1,
            Weights = 1,
            Macs = 1,
            EffectiveMacs = 1,
            Gflops = percent,
            PeakGflops = 100,
            ClockGhz = 1,
            MemoryGbs = 1,
            PercentOfPeak = percent,
            Layers = [new("conv", "direct", 1, 1, percent, 100)],
        };
        var line = Assert.Single(TextRenderer.Render(report.ToResult()).Split('\n'), line => line.Contains(" % of the peak"));
        Assert.Equal(hasReason, line.Contains(" % of the peak (counted as direct forms: "));
    }

    [Fact]
    public void Ranks_are_measured_one_by_one_and_predicted_for_machines_beyond_the_parts_as_several_runs()
    {
        var run = Terminal.Run(
            "bench", "ranks", "--arch", "resnet8", "--batch", "8", "--steps", "1", "--machines", "2,128", "--gbit", "1", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var report = JsonDocument.Parse(run.Output);
        var steps = report.RootElement.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal([1, 2, 64], steps.Select(step => (int)Number(step, "ranks")));
        Assert.Equal([0, 1, 6], steps.Select(step => Math.Sign(Number(step, "messages")) * int.Log2((int)Number(step, "ranks"))));
        Assert.True(Number(steps[2], "gradient_bytes") > Number(steps[1], "gradient_bytes"));
        var predictions = report.RootElement.GetProperty("predictions").EnumerateArray().ToList();
        Assert.Equal([1, 2], predictions.Select(row => (int)Number(row, "runs")));
        Assert.All(predictions, row => Assert.True(Number(row, "wait_ms") > 0));
    }

    [Fact]
    public void The_size_of_a_model_behind_a_link_is_its_own()
    {
        using var folder = new TemporaryFolder();
        var path = SampleModel.SaveHalved(folder);
        var link = File.CreateSymbolicLink(folder.File("link"), path).FullName;
        using var report = JsonDocument.Parse(Terminal.Run("bench", link, "--no-tune", "--json").Output);
        Assert.Equal(new FileInfo(path).Length, report.RootElement.GetProperty("file_bytes").GetInt64());
    }

    [Fact]
    public void Json_of_train_is_one_document_whose_numbers_agree()
    {
        var report = RunTiny();
        Assert.Equal(("resnet8", "1x8x8", "dense"), (Text(report, "arch"), Text(report, "input"), Text(report, "form")));
        Assert.Equal((2, 1, 3), ((int)Number(report, "batch"), (int)Number(report, "threads"), (int)Number(report, "steps")));
        Assert.Equal(Number(report, "macs"), Number(report, "effective_macs"));
        Assert.Equal(1000, Number(report, "ms_per_image") * Number(report, "images_per_second"), 6);
        Assert.True(Number(report, "ms_per_image") <= Number(report, "ms_per_image_median"));
        Assert.Equal(100 * Number(report, "gflops") / Number(report, "peak_gflops"), Number(report, "percent_of_peak"), 6);
        Assert.InRange(Number(report, "peak_memory_bytes"), 1e6, 1e12);
    }

    [Fact]
    public void Operations_of_train_account_for_the_whole_step()
    {
        var operations = RunTiny().GetProperty("operations").EnumerateArray().ToArray();
        Assert.Equal(100, operations.Sum(operation => Number(operation, "percent")), 6);
        var names = operations.Select(operation => $"{Text(operation, "operation")} {Text(operation, "pass")}").ToArray();
        string[] expected = [
            "Conv2d forward", "Conv2d backward", "BatchNorm forward", "BatchNorm backward", "Linear backward", "CrossEntropy loss",
            "Sgd update", "other "];
        Assert.All(expected, name => Assert.Contains(name, names));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Train_with_a_pattern_halves_the_work()
    {
        var report = RunTiny("--pattern", "kernel:8:2");
        Assert.Equal(("uhp", "kernel:8:2"), (Text(report, "form"), Text(report, "pattern")));
        Assert.InRange(Number(report, "effective_macs") / Number(report, "macs"), 0.5, 0.6);
    }

    [Theory]
    [InlineData("estimated")] // the default
    [InlineData("measured", "--convolutions", "measured")]
    [InlineData("direct", "--convolutions", "direct")]
    public void Train_measures_the_forms_that_are_asked_for(string convolutions, params string[] option) =>
        Assert.Equal(convolutions, Text(RunTiny(option), "convolutions"));

    [Theory]
    [InlineData("--arch", "resnet9", "'resnet9'", "'resnet8'")]
    [InlineData("--pattern", "kernel:16", "'kernel:16'", "unit:block:group")]
    [InlineData("--input", "3,32", "--input", "'3,32'", "3,32,32")]
    [InlineData("--input", "3,-32,32", "--input", "'3,-32,32'")]
    [InlineData("--input", "3,32x32", "--input", "'3,32x32'", "3,32,32")]
    [InlineData("--input", "3x32x32x", "--input", "'3x32x32x'", "3,32,32")]
    [InlineData("--input", "3,99999,32", "3x99999x32", "pixels a side")]
    [InlineData("--batch", "0", "--batch", "from 1 to 4096")]
    [InlineData("--steps", "0", "--steps", "from 1 to")]
    [InlineData("--convolutions", "fft", "option --convolutions is 'fft'; estimated, measured or direct was expected")]
    [InlineData("--width", "17", "--width", "from 0.05 to 16")]
    [InlineData("--threads", "none", "--threads", "'none'")]
    public void Train_names_what_is_wrong(string option, string value, params string[] words)
    {
        string[] arch = option == "--arch" ? [] : ["--arch", "resnet8"];
        Terminal.Run(["bench", "train", .. arch, option, value]).AssertWrongInput(words);
    }

    [Theory]
    [InlineData("1,8,12")]
    [InlineData("1x8x12")] // as the program prints it
    public void A_shape_has_commas_or_crosses(string shape) => Assert.Contains(
        "resnet8, 1x8x12, batch 1",
        Terminal.Run("bench", "train", "--arch", "resnet8", "--input", shape, "--batch", "1", "--steps", "1").Error);

    [Fact]
    public void Train_needs_an_architecture() => Terminal.Run("bench", "train").AssertWrongInput("--arch", "dst bench train --help");

    [Fact]
    public void Train_refuses_a_batch_that_no_array_holds() =>
        Terminal.Run("bench", "train", "--arch", "resnet8", "--input", "3,2048,2048", "--batch", "4096")
            .AssertWrongInput("batch of 4096", "3x2048x2048");

    [Fact]
    public void Useful_work_is_three_passes_but_no_data_gradient_of_the_first_layer()
    {
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 32, 32), classes: 10), seed: 1);
        var conv1 = 3 * 16 * 9 * 32 * 32;
        Assert.Equal(3 * NetworkCost.Of(model.Graph).Macs - conv1, TrainBench.UsefulMacs(model));
        var halved = PruningPlan.Create(model, new() { ExcludeFirst = true }).ApplyTo(model);
        Assert.Equal(3 * NetworkCost.Of(model.Graph, halved.Masks).EffectiveMacs - conv1, TrainBench.UsefulMacs(halved));
    }

    [Theory]
    [InlineData("uhp")]
    [InlineData("dense", "--dense", "--no-tune", "--threads", "2")]
    public void Json_of_a_model_is_one_document_whose_numbers_agree(string form, params string[] more)
    {
        using var folder = new TemporaryFolder();
        var (path, page) = (SampleModel.SaveHalved(folder), folder.File("roofline.html"));
        var run = Terminal.Run(["bench", path, "--batch", "2", "--json", "--html", page, .. more]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var report = document.RootElement;
        Assert.Equal((path, form), (Text(report, "model"), Text(report, "form")));
        Assert.Equal((2, more.Length == 0 ? 1 : 2), ((int)Number(report, "batch"), (int)Number(report, "threads")));
        Assert.Equal(new FileInfo(path).Length, (long)Number(report, "file_bytes"));
        var latency = report.GetProperty("latency_ms");
        string[] spread = ["min", "median", "p95", "p99"];
        Assert.Equal(spread.Select(name => Number(latency, name)).Order(), spread.Select(name => Number(latency, name)));
        Assert.Equal(2000, Number(latency, "min") * Number(report, "images_per_second"), 6);
        var layers = report.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(["avgpool", "fc"], layers.Select(layer => Text(layer, "name")).TakeLast(2));
        Assert.All(layers, layer => Assert.True(Number(layer, "ms") > 0 && Text(layer, "form") != ""));
        Assert.InRange(layers.Sum(layer => Number(layer, "ms")), 0, Number(latency, "min") + 1e-6);
        var withWeights = layers.Where(layer => layer.GetProperty("gflops").ValueKind == JsonValueKind.Number).ToList();
        Assert.All(withWeights, layer =>
        {
            var operations = 1e6 * Number(layer, "gflops") * Number(layer, "ms");
            var memory = operations / Number(layer, "bytes") * Number(report, "memory_gbs");
            Assert.Equal(Math.Min(Number(report, "peak_gflops"), memory), Number(layer, "roof_gflops"), 6);
            Assert.Equal(100 * Number(layer, "gflops") / Number(layer, "roof_gflops"), Number(layer, "percent_of_roof"), 6);
        });
        Assert.Equal(withWeights.Count, File.ReadAllText(page).Split("<circle").Length - 1);
    }

    [Fact]
    public void Under_load_sets_several_threads_beside_one()
    {
        string[] network = ["--arch", "resnet8", "--width", "0.5", "--input", "3,8,8", "--no-tune"];
        using var document = JsonDocument.Parse(Terminal.Run(["bench", .. network, "--threads", "3", "--under-load", "--json"]).Output);
        var report = document.RootElement;
        Assert.Equal((1, Environment.ProcessorCount - 1), ((int)Number(report, "batch"), (int)Number(report, "busy_cores")));
        var results = report.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([1, 3], results.Select(result => (int)Number(result, "threads")));
        Assert.All(results, result => Assert.InRange(Number(result, "median_ms"), 1e-9, Number(result, "p99_ms")));
        Assert.Equal(Number(results[1], "median_ms") / Number(results[0], "median_ms"), Number(results[1], "median_ratio"), 6);
    }

    [Fact]
    public void Compare_sets_the_dense_and_the_unstructured_network_beside_the_halved_one()
    {
        string[] network = ["--arch", "resnet8", "--width", "0.5", "--input", "3,8,8", "--pattern", "weight:1:4", "--no-tune"];
        using var document = JsonDocument.Parse(Terminal.Run(["bench", .. network, "--compare", "--json"]).Output);
        var results = document.RootElement.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal(["dense", "halved", "unstructured"], results.Select(result => Text(result, "form")));
        Assert.All(results, result => Assert.InRange(Number(result, "min_ms"), 1e-9, Number(result, "median_ms")));
        Assert.All(results, result => Assert.InRange(Number(result, "weight_bytes"), 1, Number(result, "resident_bytes")));
        Assert.Contains("no pruned layer", Terminal.Run("bench", "--arch", "resnet8", "--compare").Error);
        Terminal.Run(["bench", .. network, "--compare", "--dense"]).AssertWrongInput("--compare", "--dense");
    }

    [Fact]
    public void Int8_measures_any_network_in_8_bit_integers()
    {
        string[] network = ["--arch", "resnet8", "--width", "0.5", "--input", "3,8,8", "--pattern", "kernel:16:16", "--no-tune"];
        using var document = JsonDocument.Parse(Terminal.Run(["bench", .. network, "--int8", "--json"]).Output);
        var layers = document.RootElement.GetProperty("layers").EnumerateArray().ToList();
        Assert.All(layers.Where(layer => Text(layer, "name")!.Contains("conv")), layer => Assert.Contains("int8", Text(layer, "form")));
        Terminal.Run(["bench", .. network, "--compare", "--int8"]).AssertWrongInput("--compare", "--int8");
    }

    [Fact]
    public void Unstructured_masks_keep_as_many_weights_as_the_pattern_and_sparse_plans_skip_the_others()
    {
        string[] arguments = [
            "bench", "--arch", "resnet8", "--width", "0.5", "--input", "3,8,8", "--pattern", "kernel:16:16", "--no-tune", "--json"];
        using var halved = JsonDocument.Parse(Terminal.Run(arguments).Output);
        using var unstructured = JsonDocument.Parse(Terminal.Run([.. arguments, "--unstructured", "--sparse"]).Output);
        Assert.Equal(("uhp", "csr"), (Text(halved.RootElement, "form"), Text(unstructured.RootElement, "form")));
        Assert.Equal(Number(halved.RootElement, "weights"), Number(unstructured.RootElement, "weights"));
        Assert.Equal(Number(halved.RootElement, "effective_macs"), Number(unstructured.RootElement, "effective_macs"));
        var forms = unstructured.RootElement.GetProperty("layers").EnumerateArray().Select(layer => Text(layer, "form"));
        Assert.Equal(["masked narrow-block", "avg-pool", "linear"], forms.Distinct());
    }

    [Theory]
    [InlineData("--threads", "1", "neither a MODEL nor --arch")]
    [InlineData("--arch", "resnet9", "'resnet9'", "'resnet8'")]
    [InlineData("none.safetensors", "--dense", "none.safetensors")]
    public void A_network_that_cannot_be_measured_is_named(string option, string value, params string[] words) =>
        Terminal.Run("bench", option, value).AssertWrongInput(words);

    [Fact]
    public void A_model_file_has_its_own_pattern_and_is_not_an_architecture()
    {
        Terminal.Run("bench", "a.safetensors", "--pattern", "kernel:16:16").AssertWrongInput("--pattern", "MODEL");
        Terminal.Run("bench", "a.safetensors", "--unstructured").AssertWrongInput("--unstructured", "MODEL");
        Terminal.Run("bench", "a.safetensors", "--arch", "resnet8").AssertWrongInput("both a MODEL and --arch");
    }

    [Fact]
    public void Options_that_contradict_each_other_are_named()
    {
        Terminal.Run("bench", "--arch", "resnet8", "--unstructured").AssertWrongInput("--unstructured", "--pattern", "kernel:16:16");
        Terminal.Run("bench", "--arch", "resnet8", "--dense", "--sparse").AssertWrongInput("both --dense and --sparse");
        Terminal.Run("bench", "--arch", "resnet8", "--under-load", "--threads", "1").AssertWrongInput("--under-load", "at least 2");
        Terminal.Run("bench", "train", "--arch", "resnet8", "--under-load", "--steps", "5").AssertWrongInput("--steps", "--under-load");
    }

    [Fact]
    public void Csv_has_the_table_and_what_was_measured_where()
    {
        using var folder = new TemporaryFolder();
        var report = RunTiny("--csv", folder.File("train.csv"));
        var csv = CsvText.Parse(File.ReadAllText(folder.File("train.csv")));
        string[] facts = ["commit", "version", "date", "runtime", "system", "cpu", "tier", "threads", "batch"];
        Assert.All(facts, fact => Assert.NotEqual("", csv.Facts[fact]));
        Assert.Equal((Text(report, "cpu"), "resnet8", "2"), (csv.Facts["cpu"], csv.Facts["arch"], csv.Facts["batch"]));
        Assert.Equal(["operation", "pass", "ms_per_image", "percent"], csv.Rows[0]);
        var shares = report.GetProperty("operations").EnumerateArray()
            .Select(share => (Text(share, "operation"), Number(share, "percent")));
        Assert.Equal(shares, csv.Rows.Skip(1).Select(row => ((string?)row[0], double.Parse(row[3]))));
    }

    private static JsonElement RunTiny(params string[] more)
    {
        var run = Terminal.Run([.. TinyTraining, .. more]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("resnet8, 1x8x8, batch 2", run.Error);
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
