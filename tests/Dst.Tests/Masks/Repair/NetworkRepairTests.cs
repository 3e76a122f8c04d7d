using Dst.Graph;
using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Tests.Autodiff;
using Dst.Training.Autodiff;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;
using Dst.Training.Networks;

namespace Dst.Tests.Masks.Repair;

/// <summary>Repair of whole networks: against the normal equations solved naively, and what it does to the error.</summary>
public sealed class NetworkRepairTests : IDisposable
{
    private static readonly PruningOptions LeastSquares = new() { Repair = PruningRepair.LeastSquares };

    private readonly WorkerPool _pool = new(1);

    public void Dispose() => _pool.Dispose();

    public static TheoryData<Conv2dOp, int, string> Layers => new()
    {
        { new(10, 3, 3, Padding: 1, Bias: true), 6, "kernel:4:4" },
        { new(10, 3, 3, Stride: 2, Padding: 1), 6, "row:4:4" },
        { new(17, 1, 1, Bias: true), 20, "weight:16:16" },
        { new(5, 3, 2, Padding: 2), 3, "weight:1:4" },
        { new(9, 3, 3), 5, "row:2:6:2" },
        { new(40, 1, 2, Bias: true), 12, "kernel:32:4" },
        { new(9, 3, 3, Bias: true), 5, "unstructured" },
    };

    [Theory]
    [MemberData(nameof(Layers))]
    public void The_weights_of_a_layer_are_those_of_the_normal_equations(Conv2dOp operation, int channels, string pattern)
    {
        const double ridge = 0.5;
        var model = RandomModel(new("layer", new(channels, 7, 6), [new("conv", operation, [NetworkGraph.InputName])]));
        var (images, options) = (RandomImages(model.Graph.Input, 8), LeastSquares with { Calibration = new() { Ridge = ridge } });
        var planned = Plan(model, options, pattern);
        var repaired = Apply(planned, options, images);

        var mask = repaired.Model.Masks["conv"];
        Assert.Equal(planned.Plan.Masks["conv"].Kept, mask.Kept);
        var rows = Windows(operation, model.Graph.Input, images);
        var target = Outputs(model, images, "conv");
        var pixels = rows.Count;
        for (var filter = 0; filter < operation.OutChannels; filter++)
        {
            double[] y = [.. Enumerable.Range(0, pixels).Select(p => target[Place(filter, p)])];
            int[] kept = [.. Enumerable.Range(0, rows[0].Length).Where(i => mask.Keeps(filter, i))];
            var start = model.Parameters["conv.weight"].Data.AsSpan(filter * rows[0].Length, rows[0].Length).ToArray();
            var expected = SolveNaively(rows, y, kept, start, operation.Bias, ridge);
            for (var i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], repaired.Model.Parameters["conv.weight"].Data[filter * expected.Length + i], 2e-5);
            if (operation.Bias) Assert.Equal(Intercept(expected), repaired.Model.Parameters["conv.bias"].Data[filter], 2e-5);

            double Intercept(double[] w) => y.Average() - rows.Average(row => row.Zip(w, (x, v) => x * v).Sum());
        }

        int Place(int filter, int pixel)
        {
            var shape = model.Graph.OutputShape;
            var area = shape.Height * shape.Width;
            return (pixel / area * shape.Channels + filter) * area + pixel % area;
        }
    }

    [Theory]
    [InlineData("kernel:4:4")]
    [InlineData("weight:1:4")]
    [InlineData("row:16:2")]
    public void Repair_lowers_the_error_of_the_logits_and_batch_norm_alone_less(string pattern)
    {
        var model = RandomGraph.CreateModel(Zoo.Build("resnet8", new(3, 12, 12), 5, 0.5), seed: 3);
        var images = RandomImages(model.Graph.Input, 40);
        var planned = Plan(model, LeastSquares, pattern);
        var target = Outputs(model, images, model.Graph.Output.Name);
        double ErrorOf(PruningOptions options) =>
            Outputs(Apply(planned, options, images).Model, images, model.Graph.Output.Name).Zip(target, (a, b) => (a - b) * (a - b)).Sum();
        var pruned = ErrorOf(new());
        var normalised = ErrorOf(new() { Repair = PruningRepair.BatchNorm });
        var squares = ErrorOf(LeastSquares);
        var surgeon = ErrorOf(LeastSquares with { Score = PruningScore.Obs });
        Assert.True(squares < 0.5 * normalised, $"{squares} after {normalised}");
        Assert.True(squares < 0.5 * pruned, $"{squares} after {pruned}");
        Assert.True(surgeon < 0.5 * normalised, $"{surgeon} after {normalised}");
    }

    [Fact]
    public void The_error_of_a_layer_never_rises()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var operation = new Conv2dOp(6, 3, 3, Stride: 1 + seed % 2, Padding: seed % 3, Bias: seed % 2 == 0);
            var model = RandomModel(new("layer", new(4, 6, 6), [new("conv", operation, [NetworkGraph.InputName])]), seed);
            var images = RandomImages(model.Graph.Input, 1 + seed % 4, seed);
            var options = LeastSquares with { Calibration = new() { Ridge = seed % 5 } };
            var planned = Plan(model, options, "weight:2:4");
            var target = Outputs(model, images, "conv");
            double ErrorOf(Model candidate) => Outputs(candidate, images, "conv").Zip(target, (a, b) => (a - b) * (a - b)).Sum();
            var (before, after) = (ErrorOf(planned.Apply()), ErrorOf(Apply(planned, options, images).Model));
            Assert.True(after <= before * (1 + 1e-6), $"seed {seed}: {after} after {before}");
        }
    }

    [Fact]
    public void Random_networks_are_repaired_to_the_same_bits_on_any_number_of_threads()
    {
        var repairs = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var model = RandomGraph.CreateModel(RandomGraph.Create(seed), seed);
            var (options, images) = (LeastSquares with { Score = PruningScore.Obs }, RandomImages(model.Graph.Input, 5));
            var planned = Plan(model, options, "weight:4:4");
            if (planned.Plan.Masks.Count == 0) continue;
            var one = Apply(planned, options, images);
            using var threads = new WorkerPool(3);
            var three = NetworkRepair.Apply(planned, options, images, new(threads), log: null);
            Assert.Equal(planned.Plan.Masks.Keys.Except(one.Layers.Select(layer => layer.Layer)), []);
            foreach (var (name, tensor) in one.Model.Parameters)
            {
                Assert.All(tensor.Data, value => Assert.True(float.IsFinite(value), $"seed {seed}: {name}"));
                Assert.Equal(tensor.Data, three.Model.Parameters[name].Data);
            }

            foreach (var (layer, mask) in one.Model.Masks)
            {
                Assert.Equal(planned.Plan.Masks[layer].KeptWeights, mask.KeptWeights);
                var weights = one.Model.Parameters[$"{layer}.weight"].Data;
                var row = weights.Length / mask.WeightShape[0];
                Assert.All(weights.Index(), w => Assert.True(w.Item == 0 || mask.Keeps(w.Index / row, w.Index % row)));
            }

            repairs++;
        }

        Assert.True(repairs > 20, $"{repairs} networks");
    }

    [Theory]
    [InlineData(PruningRepair.BatchNorm)]
    [InlineData(PruningRepair.LeastSquares)]
    public void Normalisations_have_the_statistics_of_what_they_are_given(PruningRepair repair)
    {
        var model = RandomModel(new("net", new(3, 8, 8),
        [
            new("conv1", new Conv2dOp(8, 3, 3, Padding: 1), [NetworkGraph.InputName]),
            new("bn1", new BatchNormOp(), ["conv1"]),
            new("relu", new ReluOp(), ["bn1"]),
            new("conv2", new Conv2dOp(6, 3, 3, Padding: 1), ["relu"]),
            new("bn2", new BatchNormOp(), ["conv2"]),
        ]));
        var images = RandomImages(model.Graph.Input, 20);
        var options = new PruningOptions { Repair = repair };
        var repaired = Apply(Plan(model, options, "kernel:2:2"), options, images).Model;
        foreach (var layer in new[] { "1", "2" })
        {
            var values = Outputs(repaired, images, $"conv{layer}");
            var channels = model.Graph.Shapes[$"conv{layer}"].Channels;
            for (var channel = 0; channel < channels; channel++)
            {
                double[] own = [.. values.Where((_, i) => i / 64 % channels == channel).Select(value => (double)value)];
                var (mean, variance) = (own.Average(), own.Average(value => value * value) - own.Average() * own.Average());
                Assert.Equal(mean, repaired.Parameters[$"bn{layer}.running_mean"].Data[channel], 1e-4);
                Assert.Equal(variance, repaired.Parameters[$"bn{layer}.running_var"].Data[channel], 1e-4);
            }
        }
    }

    [Fact]
    public void A_bias_is_corrected_without_least_squares()
    {
        var model = RandomModel(new("net", new(4, 6, 6), [new("conv", new Conv2dOp(5, 3, 3, Bias: true), [NetworkGraph.InputName])]));
        var images = RandomImages(model.Graph.Input, 10);
        var options = new PruningOptions { Repair = PruningRepair.BatchNorm };
        var repaired = Apply(Plan(model, options, "weight:1:4"), options, images).Model;
        var (expected, actual) = (Outputs(model, images, "conv"), Outputs(repaired, images, "conv"));
        for (var channel = 0; channel < 5; channel++)
            Assert.Equal(Mean(expected, channel), Mean(actual, channel), 1e-5);

        static double Mean(float[] values, int channel) => values.Where((_, i) => i / 16 % 5 == channel).Average(value => (double)value);
    }

    [Fact]
    public void The_path_of_a_layer_ends_before_what_is_not_linear_or_not_known()
    {
        var graph = new CheckedGraph(new("net", new(4, 6, 6),
        [
            new("a", new Conv2dOp(4, 3, 3, Padding: 1), [NetworkGraph.InputName]),
            new("a.bn", new BatchNormOp(), ["a"]),
            new("a.relu", new ReluOp(), ["a.bn"]),
            new("b", new Conv2dOp(4, 3, 3, Padding: 1), ["a.relu"]),
            new("b.bn", new BatchNormOp(), ["b"]),
            new("short", new Conv2dOp(4, 1, 1, Bias: true), [NetworkGraph.InputName]),
            new("sum", new AddOp(), ["b.bn", "short"]),
            new("sum.relu", new ReluOp(), ["sum"]),
            new("c", new Conv2dOp(4, 1, 1), ["sum.relu"]),
            new("twice", new AddOp(), ["c", "c"]),
            new("d", new Conv2dOp(4, 1, 1), ["twice"]),
            new("leaky", new LeakyReluOp(), ["d"]),
        ]));
        AssertPath("a", "a.bn", rectified: true, intercept: true);
        AssertPath("b", "b.bn", rectified: false, intercept: true); // the shortcut is not known yet
        AssertPath("short", "sum", rectified: true, intercept: true);
        AssertPath("c", "c", rectified: false, intercept: false);
        AssertPath("d", "d", rectified: false, intercept: false);

        void AssertPath(string layer, string end, bool rectified, bool intercept)
        {
            var path = LinearPath.From(graph, graph.Nodes.First(node => node.Name == layer));
            Assert.Equal((end, rectified, intercept), (path.End, path.IsRectified, path.HasIntercept));
        }
    }

    [Fact]
    public void A_second_convolution_makes_up_for_what_the_residual_stream_has_lost()
    {
        var model = RandomModel(new("net", new(6, 8, 8),
        [
            new("stem", new Conv2dOp(6, 3, 3, Padding: 1, Bias: true), [NetworkGraph.InputName]),
            new("conv", new Conv2dOp(6, 3, 3, Padding: 1, Bias: true), ["stem"]),
            new("sum", new AddOp(), ["conv", "stem"]),
        ]));
        var images = RandomImages(model.Graph.Input, 20);
        var planned = Plan(model, LeastSquares with { Exclude = ["conv"] }, "kernel:2:2");
        var repaired = Apply(planned, LeastSquares, images);
        var target = Outputs(model, images, "sum");
        double ErrorOf(Model candidate) => Outputs(candidate, images, "sum").Zip(target, (a, b) => (a - b) * (a - b)).Sum();
        var parameters = repaired.Model.Parameters.ToDictionary();
        foreach (var name in new[] { "conv.weight", "conv.bias" }) parameters[name] = model.Parameters[name];
        Assert.True(ErrorOf(repaired.Model) < 0.9 * ErrorOf(new(model.Graph, parameters)));
    }

    [Fact]
    public void Fewer_images_are_used_where_features_are_large_and_none_without_a_repair()
    {
        var options = LeastSquares with { Calibration = new() { Images = 100 } };
        Assert.Equal(100, NetworkRepair.ImagesFor(OneLayer(new(3, 32, 32), filters: 16), options));
        Assert.InRange(NetworkRepair.ImagesFor(OneLayer(new(3, 1024, 1024), filters: 64), options), 1, 8);
        Assert.Equal(0, NetworkRepair.ImagesFor(OneLayer(new(3, 32, 32), filters: 16), new()));
    }

    [Fact]
    public void Images_that_are_missing_not_finite_or_of_another_length_are_refused()
    {
        var model = RandomGraph.CreateModel(OneLayer(new(4, 6, 6), filters: 8), seed: 1);
        var (planned, images) = (Plan(model, LeastSquares, "weight:2:4"), RandomImages(model.Graph.Input, 3));
        foreach (var repair in new[] { PruningRepair.BatchNorm, PruningRepair.LeastSquares })
        {
            var options = LeastSquares with { Repair = repair };
            AssertRefused<ArgumentException>("there are 0 calibration images; at least 1 expected", CalibrationImages.None);
            AssertRefused<ArgumentException>(
                "2 calibration images of 4x6x6 have 432 values; 288 expected", images with { Count = 2 });
            AssertRefused<ArgumentNullException>("images", null!);
            foreach (var value in new[] { float.NaN, float.NegativeInfinity })
            {
                var broken = images.Values.ToArray();
                broken[200] = value;
                AssertRefused<InputException>($"calibration image 1 has the value {value}", images with { Values = broken });
            }

            void AssertRefused<T>(string words, CalibrationImages others) where T : Exception =>
                Assert.Contains(words, Assert.Throws<T>(() => Apply(planned, options, others)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_plan_for_another_order_of_channels_is_refused()
    {
        var model = RandomGraph.CreateModel(Zoo.Build("resnet8", new(3, 12, 12), 5, 0.5), seed: 3);
        var (options, images) = (LeastSquares with { Permute = true, Block = 4, Group = 4 }, RandomImages(model.Graph.Input, 5));
        var planned = new PlannedPruning(model, PruningPlan.Create(model, options));
        var error = Assert.Throws<ArgumentException>(() => Apply(planned, options, images));
        Assert.Contains("a plan of Pruning.Prepare was expected", error.Message, StringComparison.Ordinal);
        var prepared = new Pruning(options, MaskKind.Uhp).Prepare(model, gradients: null, log: null);
        Assert.NotEmpty(Apply(prepared, options, images).Model.Masks);
        Assert.NotEmpty(Apply(planned with { IsPermuted = true }, options, images).Model.Masks);
    }

    [Fact]
    public void A_layer_that_does_not_fit_into_memory_is_refused()
    {
        var model = RandomGraph.CreateModel(OneLayer(new(40_000, 3, 3), filters: 2), seed: 1);
        var error = Assert.Throws<InputException>(
            () => Apply(Plan(model, LeastSquares, "weight:2:2"), LeastSquares, RandomImages(model.Graph.Input, 1)));
        Assert.Contains("calibration images need", error.Message, StringComparison.Ordinal);
    }

    private static CheckedGraph OneLayer(FeatureShape input, int filters) =>
        new(new NetworkGraph("layer", input, [new("conv", new Conv2dOp(filters, 3, 3, Padding: 1), [NetworkGraph.InputName])]));

    private static Model RandomModel(NetworkGraph graph, int seed = 1) => RandomGraph.CreateModel(new CheckedGraph(graph), seed);

    private static CalibrationImages RandomImages(FeatureShape shape, int count, int seed = 1)
    {
        var random = new Random(seed);
        return new([.. Enumerable.Range(0, count * (int)shape.Count).Select(_ => random.NextSingle() * 2 - 0.8f)], count);
    }

    private static PlannedPruning Plan(Model model, PruningOptions options, string pattern) => pattern == LayerMask.Unstructured
        ? new Pruning(options with { Pattern = UhpPattern.Parse("weight:1:2") }, MaskKind.Unstructured).Prepare(model, null, null)
        : new Pruning(options with { Pattern = UhpPattern.Parse(pattern) }, MaskKind.Uhp).Prepare(model, null, null);

    private RepairedModel Apply(PlannedPruning planned, PruningOptions options, CalibrationImages images) =>
        NetworkRepair.Apply(planned, options, images, new(_pool), log: null);

    private float[] Outputs(Model model, CalibrationImages images, string node)
    {
        var end = model.Graph.Nodes.ToList().FindIndex(other => other.Name == node);
        var graph = new CheckedGraph(model.Graph.Definition with { Nodes = [.. model.Graph.Nodes.Take(end + 1)] });
        using var network = new TrainingNetwork(
            new(graph, graph.Parameters.ToDictionary(p => p.Name, p => model.Parameters[p.Name])), images.Count, new(_pool), seed: 0);
        return network.Forward(images.Values, images.Count, training: false).ToArray();
    }

    /// <summary>The window of each output pixel, image after image.</summary>
    private static List<double[]> Windows(Conv2dOp operation, FeatureShape input, CalibrationImages images)
    {
        var s = operation.ShapeFor(input);
        return [.. from n in Enumerable.Range(0, images.Count)
            from oy in Enumerable.Range(0, s.OutHeight)
            from ox in Enumerable.Range(0, s.OutWidth)
            select (double[])
            [
                .. from c in Enumerable.Range(0, s.Channels)
                from ky in Enumerable.Range(oy * s.Stride - s.Padding, s.KernelHeight)
                from kx in Enumerable.Range(ox * s.Stride - s.Padding, s.KernelWidth)
                select ky < 0 || kx < 0 || ky >= s.Height || kx >= s.Width
                    ? 0.0 : images.Values[((n * s.Channels + c) * s.Height + ky) * s.Width + kx],
            ]];
    }

    private static double[] SolveNaively(List<double[]> rows, double[] y, int[] kept, float[] start, bool centred, double ridge)
    {
        var mean = Enumerable.Range(0, rows[0].Length).Select(i => centred ? rows.Average(row => row[i]) : 0).ToArray();
        var yMean = centred ? y.Average() : 0;
        double Product(int i, int j) => rows.Sum(row => (row[i] - mean[i]) * (row[j] - mean[j]));
        var lambda = ridge * mean.Length / rows.Count * Enumerable.Range(0, mean.Length).Average(i => Product(i, i));
        var (matrix, right) = (new double[kept.Length, kept.Length], new double[kept.Length]);
        for (var i = 0; i < kept.Length; i++)
        {
            right[i] = rows.Zip(y, (row, value) => (row[kept[i]] - mean[kept[i]]) * (value - yMean)).Sum() + lambda * start[kept[i]];
            for (var j = 0; j < kept.Length; j++) matrix[i, j] = Product(kept[i], kept[j]) + (i == j ? lambda : 0);
        }

        var solution = DenseAlgebra.Solve(matrix, right);
        var weights = new double[mean.Length];
        for (var i = 0; i < kept.Length; i++) weights[kept[i]] = solution[i];
        return weights;
    }
}
