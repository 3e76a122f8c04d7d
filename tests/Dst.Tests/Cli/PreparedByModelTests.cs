using Dst.Cli;
using Dst.Tests.Foundations;

namespace Dst.Tests.Cli;

/// <summary>Verbs that measure a model on data prepare the images as the model says.</summary>
public sealed class PreparedByModelTests : IDisposable
{
    private const string Sizes = "kind: simulated, simulated: { classes: 3, per_class_train: 6, per_class_test: 4, size: 16 }";

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public PreparedByModelTests() => _model = SampleModel.SaveDense(_folder, "target00", "target01", "target02");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.2, 0.2]")]
    [InlineData("mean: [127], deviation: [50]")]
    [InlineData("normalise: image, mean: [0.5], deviation: [0.2]")]
    [InlineData("normalise: image, smooth: true, amplitude: log")]
    [InlineData("channels: 3, crop: 8, resize: 20, fit: pad")]
    public void What_a_recipe_says_of_the_preparation_gives_way_to_the_model(string settings)
    {
        var (plain, other) = (SaveRecipe("plain", ""), SaveRecipe("other", $", {settings}"));
        Assert.Equal(Done("eval", plain), Done("eval", other));
        foreach (var verb in new[] { "quantise", "halve --pattern kernel:4:4", "prune --score taylor --pattern kernel:4:4" })
            Assert.Equal(BytesBy(verb, plain), BytesBy(verb, other));
    }

    [Theory]
    [InlineData("--data.mean", "[0.5]", "option --data.mean: data.mean")]
    [InlineData("--data.crop", "20", "option --data.crop: data.crop")]
    [InlineData("--data.amplitude", "log", "option --data.amplitude: data.amplitude")]
    [InlineData("--set", "data.smooth=true", "option --set data.smooth=true: data.smooth")]
    public void What_the_command_line_says_of_the_preparation_is_refused(string option, string value, string key)
    {
        var output = _folder.File("half.safetensors");
        foreach (var command in new[] { $"eval {_model}", $"halve {_model} --out {output}", $"quantise {_model} --out {output}" })
        {
            var words = command.Split(' ');
            Terminal.Run([.. words, SaveRecipe("plain", ""), option, value]).AssertWrongInput(
                $"{key} has no effect in dst {words[0]}, because the model says how its images are prepared; leave it out");
        }

        Assert.False(File.Exists(output));
    }

    private byte[] BytesBy(string verb, string recipe)
    {
        var output = _folder.File("out.safetensors");
        Done($"{verb} --out {output}", recipe);
        return File.ReadAllBytes(output);
    }

    private string Done(string verb, string recipe)
    {
        var run = Terminal.Run([.. verb.Split(' '), _model, recipe]);
        Assert.True(run.ExitCode == CommandLine.Done, run.Error);
        Assert.DoesNotContain("data.mean", run.Error);
        return run.Output;
    }

    private string SaveRecipe(string name, string settings)
    {
        var path = _folder.File($"{name}.yaml");
        File.WriteAllText(path, $"name: {name}\ndata: {{ {Sizes}{settings} }}\n");
        return path;
    }
}
