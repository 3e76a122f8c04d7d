using Dst.Graph;
using Dst.Images;
using Dst.Kernels;
using Dst.ModelFiles;
using Dst.Runtime.Inference;
using Dst.Runtime.Threading;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Networks;

namespace Dst.Tests.Inference;

public class PredictorTests
{
    private const int Classes = 3;

    private static readonly InferenceOptions Untuned = new() { Tune = false };

    [Fact]
    public void Every_form_of_input_gives_the_softmax_of_the_sessions_logits()
    {
        var model = Small();
        using var plan = InferencePlan.Compile(model, Untuned);
        using var session = plan.CreateSession();
        Image[] images = [Noise(20, 20, seed: 1), Noise(12, 30, seed: 2), Noise(16, 16, seed: 3)];
        var (inputs, logits) = (new float[3 * 256], new float[3 * Classes]);
        for (var i = 0; i < 3; i++) Preprocessor.Prepare(images[i], model.Normalisation!, model.Graph.Input, inputs.AsSpan(i * 256, 256));
        session.Run(inputs, 3, logits);
        var expected = new float[logits.Length];
        Softmax.Forward(logits, Classes, expected);

        using var predictor = new Predictor(model, Untuned with { Batch = 2 });
        var actual = new float[logits.Length];
        predictor.Predict(images, actual);
        AssertClose(expected, actual);
        Array.Clear(actual);
        predictor.Predict(inputs, actual);
        AssertClose(expected, actual);
        AssertClose(expected[..Classes], predictor.Predict(images[0]));
        predictor.ComputeLogits(images, actual);
        AssertClose(logits, actual);
        predictor.ComputeLogits(inputs, actual);
        AssertClose(logits, actual);
        Assert.Equal((new FeatureShape(1, 16, 16), Classes), (predictor.Input, predictor.Classes));
    }

    [Fact]
    public void Nulls_are_refused_at_the_entry()
    {
        Assert.Throws<ArgumentNullException>("path", () => Model.Load((string)null!));
        Assert.Throws<ArgumentNullException>("path", () => Predictor.Load((string)null!));
        Assert.Throws<ArgumentNullException>("file", () => Predictor.Load((Stream)null!));
        using var predictor = new Predictor(Small(), Untuned);
        Assert.Throws<ArgumentNullException>("image", () => predictor.Predict(null!));
    }

    [Fact]
    public void A_network_that_ends_in_a_softmax_gets_no_second_one()
    {
        var model = Small();
        var graph = model.Graph.Definition with { Nodes = [.. model.Graph.Nodes, new("p", new SoftmaxOp(), [model.Graph.Output.Name])] };
        var ending = new Model(new(graph), model.Parameters) { Normalisation = model.Normalisation };
        using Predictor plain = new(model, Untuned), withSoftmax = new(ending, Untuned);
        AssertClose(plain.Predict(Noise(16, 16, 1)), withSoftmax.Predict(Noise(16, 16, 1)));
    }

    [Theory]
    [InlineData(OutputKind.Sigmoid)]
    [InlineData(OutputKind.Logits)]
    public void One_output_is_the_probability_of_the_second_of_two_classes(OutputKind kind)
    {
        var (model, image) = (EndingIn(1, kind == OutputKind.Sigmoid ? new SigmoidOp() : null), Noise(16, 16, 1));
        model = model with { Outputs = kind, ClassNames = ["no", "yes"] };
        using Predictor predictor = new(model, Untuned), plain = new(EndingIn(1, null), Untuned);
        Assert.Equal((1, 2, kind), (predictor.OutputCount, predictor.Classes, predictor.Outputs));
        var logits = new float[3];
        plain.ComputeLogits([image, Noise(20, 20, 2), Noise(16, 16, 3)], logits);
        var actual = new float[6];
        predictor.Predict([image, Noise(20, 20, 2), Noise(16, 16, 3)], actual);
        AssertClose([.. logits.SelectMany(z => new[] { 1 / (1 + MathF.Exp(z)), 1 / (1 + MathF.Exp(-z)) })], actual);
        using var asLogits = new Predictor(model.ToLogits(), Untuned);
        AssertClose(actual[..2], asLogits.Predict(image));
    }

    [Fact]
    public void A_network_that_ends_in_a_sigmoid_gives_the_probability_of_each_class_alone()
    {
        var image = Noise(16, 16, 1);
        using Predictor predictor = new(EndingIn(Classes, new SigmoidOp()), Untuned), plain = new(EndingIn(Classes, null), Untuned);
        var logits = new float[Classes];
        plain.ComputeLogits([image], logits);
        AssertClose(Array.ConvertAll(logits, z => 1 / (1 + MathF.Exp(-z))), predictor.Predict(image));
        Assert.Equal(OutputKind.Sigmoid, predictor.Outputs);
    }

    [Fact]
    public void Outputs_without_a_scale_are_left_as_they_are()
    {
        var image = Noise(16, 16, 1);
        using var predictor = new Predictor(EndingIn(1, null), Untuned);
        var score = new float[1];
        predictor.ComputeLogits([image], score);
        Assert.Equal(score, predictor.Predict(image));
        Assert.Equal((OutputKind.None, 1), (predictor.Outputs, predictor.Classes));
    }

    [Fact]
    public void Logits_that_overflow_are_named()
    {
        var model = Small();
        model.Parameters["fc.weight"].Data.AsSpan().Fill(float.MaxValue);
        using var predictor = new Predictor(model, Untuned);
        var error = Assert.Throws<NotFiniteNumberException>(() => predictor.Predict(Noise(16, 16, 1)));
        Assert.Contains("its weights overflow", error.Message);
    }

    [Fact]
    public async Task Calls_at_the_same_time_give_the_same_and_leave_as_many_sessions_at_most()
    {
        using var predictor = new Predictor(Small(), Untuned, threads: 2);
        var images = Enumerable.Range(0, 8).Select(seed => Noise(24, 24, seed)).ToArray();
        var expected = Array.ConvertAll(images, predictor.Predict);
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Array.ConvertAll(images, predictor.Predict))));
        Assert.All(results, result => Assert.Equal(expected, result));
        Assert.InRange(predictor.IdleSessions, 1, 4);
    }

    [Fact]
    public void Threads_beyond_the_cores_change_nothing()
    {
        var image = Noise(16, 16, 1);
        using Predictor one = new(Small(), Untuned), many = new(Small(), Untuned, threads: 4 * Environment.ProcessorCount + 1);
        Assert.Equal(one.Predict(image), many.Predict(image));
    }

    [Fact]
    public void The_span_form_allocates_nothing()
    {
        using var predictor = new Predictor(Small(), Untuned);
        var (image, inputs, probabilities) = (Noise(20, 24, seed: 1), new float[256], new float[Classes]);
        for (var i = 0; i < 3; i++) Run();
        Assert.Equal(0, Allocation.Of(Run, runs: 5));

        void Run()
        {
            predictor.Predict(image, probabilities);
            predictor.Predict(inputs, probabilities);
        }
    }

    [Fact]
    public void A_disposed_predictor_refuses_and_running_calls_end_first()
    {
        var predictor = new Predictor(Small(), Untuned);
        var image = Noise(16, 16, 1);
        var expected = predictor.Predict(image);
        using var running = new Barrier(2);
        var results = new List<float[]>();
        var caller = new Thread(() =>
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    if (i == 3) running.SignalAndWait();
                    results.Add(predictor.Predict(image));
                }
            }
            catch (ObjectDisposedException)
            {
            }
        });
        caller.Start();
        running.SignalAndWait();
        predictor.Dispose();
        caller.Join();
        Assert.All(results, result => Assert.Equal(expected, result));
        Assert.Equal(0, predictor.IdleSessions);
        predictor.Dispose();
    }

    [Fact]
    public void Wrong_input_is_one_sentence()
    {
        var model = Small();
        using var predictor = new Predictor(model, Untuned);
        var (input, room) = (new float[256], new float[Classes]);
        AssertRefused("the inputs have 255 values; 256 for each image of 1x16x16", () => predictor.Predict(input.AsSpan(1), room));
        AssertRefused("the inputs have 0 values", () => predictor.ComputeLogits(ReadOnlySpan<float>.Empty, room));
        AssertRefused("room for 2 results of 1 images; 3 were expected, 3 for each image", () => predictor.Predict(input, room.AsSpan(1)));
        AssertRefused("there are 0 images", () => predictor.Predict(ReadOnlySpan<Image>.Empty, []));
        AssertRefused("0 threads; 1 to 1024", () => new Predictor(model, Untuned, threads: 0).Dispose());
        AssertRefused("1025 threads", () => new Predictor(model, Untuned, threads: 1025).Dispose());
        AssertRefused("Batch is 0", () => new Predictor(model, Untuned with { Batch = 0 }).Dispose());
        var ofTwo = InferencePlanTests.Initialised(Zoo.Build("resnet8", new(2, 16, 16), Classes));
        AssertRefused("1 band and the network takes 2", () => new Predictor(ofTwo, Untuned).Predict(Noise(16, 16, 1)));
    }

    [Fact]
    public void A_model_that_does_not_fit_its_graph_is_refused()
    {
        var model = Small();
        AssertIllegal("the model has 1 class name; none or 3 were expected", model with { ClassNames = ["a"] });
        AssertIllegal("1 finite means", model with { Normalisation = InputNormalisation.None(3) });
        AssertIllegal("has no tensor 'conv1.weight'", model with { Parameters = new Dictionary<string, Tensor>() });

        static void AssertIllegal(string words, Model model) =>
            Assert.Contains(words, Assert.Throws<ArgumentException>(() => new Predictor(model, Untuned).Dispose()).Message);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Values_that_are_not_finite_are_refused_or_named_in_the_outputs(float value)
    {
        var (input, room) = (new float[256], new float[Classes]);
        input[7] = value;
        using Predictor strict = new(Small(), Untuned), lenient = new(Small(), Untuned with { RefuseNonFinite = false });
        AssertRefused($"value {value}", () => strict.Predict(input, room));
        var error = Assert.Throws<NotFiniteNumberException>(() => lenient.Predict(input, room));
        Assert.StartsWith("output 0 of image 0 is NaN; finite outputs were expected", error.Message);
        using var folder = new TemporaryFolder();
        ModelFile.Save(folder.File("m"), Small());
        using var loaded = Predictor.Load(folder.File("m"));
        AssertRefused($"value {value}", () => loaded.Predict(input, room));
    }

    [Fact]
    public void A_model_file_predicts_until_it_is_disposed()
    {
        using var folder = new TemporaryFolder();
        ModelFile.Save(folder.File("m"), Small());
        var loaded = Predictor.Load(folder.File("m"));
        var image = Noise(20, 20, 1);
        var p = loaded.Predict(image);
        Assert.Equal(1, p.Sum(), 5);
        var again = new float[Classes];
        loaded.Predict(image, again);
        Assert.Equal(p, again);
        using var untuned = new Predictor(Model.Load(folder.File("m")), Untuned);
        AssertClose(untuned.Predict(image), p);
        Assert.Equal(["a", "b", "c"], Enumerable.Range(0, Classes).Select(loaded.ClassNameOf));
        Assert.Equal(["a", "b", "c"], loaded.ClassNames);
        foreach (var label in new[] { -1, Classes })
        {
            Assert.Throws<ArgumentOutOfRangeException>("label", () => loaded.ClassNameOf(label));
            Assert.Throws<ArgumentOutOfRangeException>("label", () => (Small() with { ClassNames = [] }).ClassNameOf(label));
        }

        loaded.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loaded.Predict(image));
    }

    [Theory]
    [InlineData("dense")]
    [InlineData("kernel:16:16")]
    [InlineData("kernel:4:2")]
    [InlineData("weight:1:4")]
    [InlineData("unstructured")]
    public void The_test_set_gets_the_classes_of_the_training_graph(string pattern)
    {
        var data = DataSet.Load(
            new() { Simulated = new() { Classes = 4, PerClassTrain = 6, PerClassTest = 10, Size = 20 }, Crop = 16 }, 1, _ => { });
        var dense = InferencePlanTests.Initialised(Zoo.Build("resnet8", data.Shape, 4));
        var model = pattern switch
        {
            "dense" => dense,
            "unstructured" => InferencePlanTests.Unstructured(dense),
            _ => InferencePlanTests.Halved(dense, pattern),
        };
        using var loader = new BatchLoader(data, data.Test, 16, augment: false, seed: 1);
        BalanceClasses(model, loader);
        using var pool = new WorkerPool(1);
        using var network = new TrainingNetwork(model, 16, new(pool), seed: 1);
        using var predictor = new Predictor(model, Untuned with { Batch = 16 });
        var (expected, actual) = (Evaluator.Evaluate(network, loader), Evaluator.Evaluate(predictor, loader));
        Assert.Equal(40, actual.Count);
        Assert.Equal(expected.Confusion.Rows, actual.Confusion.Rows);
        Assert.Equal(expected.Loss, actual.Loss, 1e-3 * expected.Loss);
        Assert.True(
            actual.Confusion.Rows.Sum(row => row.Count(n => n > 0)) > 4,
            "the network takes all images for one class: the test needs such that differ");
    }

    /// <summary>Subtracts the mean logit of each class from its bias, so that random weights predict different classes.</summary>
    private static void BalanceClasses(Model model, BatchLoader loader)
    {
        using var predictor = new Predictor(model, Untuned);
        var batch = loader.Epoch(0).First();
        var logits = new float[batch.Count * predictor.Classes];
        predictor.ComputeLogits(batch.Images.AsSpan(0, batch.Count * (int)predictor.Input.Count), logits);
        var bias = model.Parameters["fc.bias"].Data;
        for (var i = 0; i < logits.Length; i++) bias[i % bias.Length] -= logits[i] / batch.Count;
    }

    private static Model Small()
    {
        var model = InferencePlanTests.Initialised(Zoo.Build("resnet8", new(1, 16, 16), Classes));
        return new(model.Graph, model.Parameters)
        {
            ClassNames = ["a", "b", "c"],
            Normalisation = new(0, AmplitudeTransform.Sqrt, [0.4f], [0.2f], Smooth: true),
        };
    }

    /// <summary>A network with some outputs and, if it is given, a last function.</summary>
    private static Model EndingIn(int outputs, Operation? end)
    {
        var nodes = Zoo.Build("resnet8", new(1, 16, 16), 2).Nodes.SkipLast(1).ToList();
        nodes.Add(new("fc", new LinearOp(outputs), ["avgpool"]));
        if (end is not null) nodes.Add(new("end", end, ["fc"]));
        return InferencePlanTests.Initialised(new(new("ending", new(1, 16, 16), nodes)));
    }

    private static Image Noise(int height, int width, int seed)
    {
        var pixels = new byte[height * width];
        new Random(seed).NextBytes(pixels);
        return new(1, height, width, 8, pixels);
    }

    private static void AssertRefused(string words, Action action) => Assert.Contains(words, Assert.Throws<InputException>(action).Message);

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-3 * expected.Max(Math.Abs));
    }
}
