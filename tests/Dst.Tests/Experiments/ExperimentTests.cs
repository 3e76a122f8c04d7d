using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Dst.Images;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Tests.Experiments;

/// <summary>Training from a program.</summary>
public sealed class ExperimentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string[] Settings => [$"runs={_folder.File("runs")}", "train.epochs=8", "data.resize=16", "name=memory"];

    [Fact]
    public async Task Images_in_memory_become_a_model_that_predicts()
    {
        var (epochs, steps, log) = (new List<int>(), 0, new List<string>());
        var training = Images(12);
        var experiment = new Experiment(training)
        {
            Settings = Settings,
            EpochEnded = epoch => epochs.Add(epoch.Epoch),
            Progress = new Counter(() => steps++),
            Log = log.Add,
        };
        var result = await experiment.RunAsync();
        Assert.Equal(Enumerable.Range(1, 8), epochs);
        Assert.Equal(8, steps);
        Assert.Contains("network resnet8 for 24 images", log);
        Assert.StartsWith(_folder.File("runs"), result.Folder);
        Assert.Equal("student", result.Arm.Arm);
        Assert.All(training, labelled => Assert.Equal("an image", labelled.Image.Name)); // as the caller made it

        using var predictor = new Predictor(result.LoadModel());
        var image = Images(1)[1].Image;
        var probabilities = predictor.Predict(image);
        var top = predictor.Top(image, 9);
        Assert.Equal(["bright", "dark"], top.Select(best => best.Name).Order());
        Assert.Equal(probabilities.Max(), top[0].Value);
        Assert.Equal(probabilities, await predictor.PredictAsync(image));
        Assert.Equal(top, await predictor.TopAsync(image, 9));

        var bytes = File.ReadAllBytes(result.ModelPath);
        using var ofBytes = Predictor.Load(bytes);
        using var ofStream = Predictor.Load(File.OpenRead(result.ModelPath));
        foreach (var other in new[] { ofBytes, ofStream }) // each may measure other forms of a layer to be the fastest
        {
            var best = Assert.Single(other.Top(image, 1));
            Assert.Equal((top[0].Label, top[0].Name), (best.Label, best.Name));
            Assert.Equal(top[0].Value, best.Value, 1e-4f);
        }

        Assert.Contains("the model", Assert.Throws<InputException>(() => Predictor.Load(bytes.AsMemory(0, 999))).Message);
        byte[] png = [0x89, .. "PNG\r\n\u001a\n0000"u8];
        Assert.Contains("a PNG image", Assert.Throws<InputException>(() => Predictor.Load(png)).Message);
    }

    [Fact]
    public async Task A_cancelled_experiment_is_resumed_and_ends_as_one_that_was_not()
    {
        using var cancellation = new CancellationTokenSource();
        var whole = new Experiment(Images(12)) { Settings = Settings }.Run();
        var stopped = new Experiment(Images(12))
        {
            Settings = [.. Settings, "name=stopped"],
            EpochEnded = epoch =>
            {
                if (epoch.Epoch == 3) cancellation.Cancel();
            },
        };
        Assert.Null(stopped.Folder);
        Assert.Throws<OperationCanceledException>(() => stopped.Run(cancellation.Token));
        Assert.Equal(Assert.Single(Directory.GetDirectories(_folder.File("runs/stopped"))), stopped.Folder);
        var epochs = new List<int>();
        var result = await new Experiment(Images(12)) { EpochEnded = epoch => epochs.Add(epoch.Epoch) }.ResumeAsync(stopped.Folder!);
        Assert.Equal(Enumerable.Range(4, 5), epochs);
        Assert.Equal(File.ReadAllBytes(whole.ModelPath), File.ReadAllBytes(result.ModelPath));
    }

    [Fact]
    public void Wrong_images_and_settings_are_named_and_leave_no_folder()
    {
        var dark = Images(3).Where(image => image.ClassName == "dark");
        Assert.Contains("1 class;", Assert.Throws<InputException>(() => new Experiment(dark)).Message);
        var image = new LabelledImage(Images(1)[0].Image, "grey");
        Assert.Contains("'grey'", Assert.Throws<InputException>(() => new Experiment(Images(3), test: [image])).Message);
        var wrong = new Experiment(Images(12)) { Settings = [.. Settings, "prune.block=4"] };
        Assert.Contains("prune.block has no effect", Assert.Throws<InputException>(() => wrong.Run()).Message);
        var unknown = new Experiment(Images(12)) { Settings = [.. Settings, "train.epoch=3"] };
        Assert.StartsWith("setting train.epoch=3: unknown key 'epoch'", Assert.Throws<InputException>(() => unknown.Run()).Message);
        Assert.Null(wrong.Folder);
        Assert.False(Directory.Exists(_folder.File("runs")));
    }

    [Theory]
    [InlineData(typeof(Experiment))]
    [InlineData(typeof(RecipeFile))]
    public void What_binds_settings_warns_programs_that_are_trimmed(Type type) =>
        Assert.NotNull(type.GetCustomAttribute<RequiresUnreferencedCodeAttribute>());

    [Fact]
    public void Nulls_and_empty_names_are_refused_at_the_entry()
    {
        var image = Images(1)[0].Image;
        Assert.Throws<ArgumentNullException>("image", () => new LabelledImage(null!, "red"));
        Assert.Throws<ArgumentNullException>("className", () => new LabelledImage(image, null!));
        Assert.Throws<ArgumentException>("className", () => new LabelledImage(image, ""));
        Assert.Throws<ArgumentNullException>("path", () => SettingPresets.CompressModel(null!));
        Assert.Throws<ArgumentNullException>("assignment", () => new Experiment(Images(3)) { Settings = [null!] }.Run());
        var hole = Assert.Throws<ArgumentException>(() => new Experiment([.. Images(3), null!]));
        Assert.Equal("training image 6 of 7 is null; an image was expected", hole.Message);
        var test = Assert.Throws<ArgumentException>(() => new Experiment(Images(3), test: [null!]));
        Assert.Equal("test image 0 of 1 is null; an image was expected", test.Message);
    }

    private static List<LabelledImage> Images(int each) =>
    [
        .. Enumerable.Range(0, 2 * each).Select(i => new LabelledImage(Image(i, width: 20 + i % 3), i % 2 == 0 ? "dark" : "bright")),
    ];

    private static Image Image(int number, int width)
    {
        const int height = 18;
        var pixels = Enumerable.Range(0, height * width).Select(p => (byte)(110 * (number % 2) + p * number % 90));
        return new(1, height, width, 8, pixels.ToArray());
    }

    private sealed class Counter(Action count) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => count();
    }
}
