using Dst.Graph;
using Dst.ModelFiles;
using Dst.Tests.Foundations;

namespace Dst.Tests.Graph;

public class OutputKindTests
{
    public static TheoryData<string, int, OutputKind> Ends => new()
    {
        { "", 3, OutputKind.Logits },
        { "", 1, OutputKind.None },
        { "softmax", 3, OutputKind.Probabilities },
        { "sigmoid", 3, OutputKind.Sigmoid },
        { "sigmoid", 1, OutputKind.Sigmoid },
        { "sigmoid flatten", 1, OutputKind.Sigmoid },
        { "sigmoid dropout", 3, OutputKind.Sigmoid },
        { "tanh", 3, OutputKind.None },
        { "relu", 3, OutputKind.Logits },
        { "clip", 3, OutputKind.Logits },
        { "sigmoid clip", 3, OutputKind.Sigmoid }, // away from 0 and 1, so that their logarithms are finite
        { "softmax clip", 3, OutputKind.Probabilities },
        { "join", 3, OutputKind.Logits },
        { "softmax join", 3, OutputKind.None }, // two choices, which a third softmax would mix
        { "sigmoid join clip", 3, OutputKind.None },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void The_end_of_a_network_says_what_its_outputs_are(string end, int outputs, OutputKind expected) =>
        Assert.Equal(expected, Ending(end, outputs).Outputs);

    [Fact]
    public void A_model_file_keeps_what_the_outputs_are()
    {
        using var folder = new TemporaryFolder();
        (Model, int)[] cases =
            [(Ending("", 1) with { Outputs = OutputKind.Logits }, 2), (Ending("sigmoid", 1), 2), (Ending("", 1), 1)];
        foreach (var (saved, classes) in cases)
        {
            ModelFile.Save(folder.File("m"), saved with { ClassNames = [.. Enumerable.Range(0, classes).Select(i => $"c{i}")] });
            var loaded = ModelFile.Load(folder.File("m"));
            Assert.Equal((saved.Outputs, classes, classes), (loaded.Outputs, loaded.Classes, loaded.ClassNames.Count));
        }
    }

    [Fact]
    public void One_name_for_an_output_that_tells_two_classes_apart_is_refused()
    {
        using var folder = new TemporaryFolder();
        var model = Ending("sigmoid", 1) with { ClassNames = ["ship"] };
        SafetensorsFile.Write(folder.File("m"), ModelMetadata.Write(model), ModelFile.TensorsOf(model));
        Assert.EndsWith(
            "has 1 class name; none or 2 were expected, because its network has 1 output, which tells two classes apart",
            Assert.Throws<InputException>(() => ModelFile.Load(folder.File("m"))).Message);
    }

    [Theory]
    [InlineData("softmax", 3, 3)]
    [InlineData("sigmoid", 3, 3)]
    [InlineData("sigmoid dropout flatten", 3, 3)]
    [InlineData("sigmoid clip", 3, 3)]
    [InlineData("sigmoid", 1, 2)]
    [InlineData("", 3, 3)]
    public void Logits_are_what_the_last_function_gets(string end, int outputs, int classes)
    {
        var logits = Ending(end, outputs).ToLogits();
        Assert.Equal((OutputKind.Logits, classes), (logits.Outputs, logits.OutputCount));
        string[] expected = classes == outputs ? ["fc"] : ["fc", "two_classes"];
        Assert.Equal(expected, logits.Graph.Nodes.Select(node => node.Name));
        Assert.Equal(["fc.bias", "fc.weight"], logits.Parameters.Keys.Order());
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("tanh", 3)]
    public void Numbers_without_a_scale_have_no_logits(string end, int outputs) =>
        Assert.Contains("without a scale", Assert.Throws<InputException>(() => Ending(end, outputs).ToLogits()).Message);

    private static Model Ending(string functions, int outputs)
    {
        List<Node> nodes = [new("fc", new LinearOp(outputs), [NetworkGraph.InputName])];
        foreach (var word in functions.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Operation operation = word switch
            {
                "softmax" => new SoftmaxOp(),
                "sigmoid" => new SigmoidOp(),
                "tanh" => new TanhOp(),
                "relu" => new ReluOp(),
                "flatten" => new FlattenOp(),
                "clip" => new ClipOp(1e-6f, 1 - 1e-6f),
                "join" => new ConcatOp(),
                _ => new DropoutOp(0.5f),
            };
            nodes.Add(new(word, operation, [.. Enumerable.Repeat(nodes[^1].Name, word == "join" ? 2 : 1)]));
        }

        var graph = new CheckedGraph(new("ending", new(2, 1, 1), nodes));
        return new(graph, graph.Parameters.ToDictionary(shape => shape.Name, shape => new Tensor(shape.Shape, new float[shape.Count])));
    }
}
