using Dst.Graph;
using Dst.Training.Networks;

namespace Dst.Tests.Networks;

public class AutoEncoderTests
{
    public static TheoryData<string> AllNames => [.. Zoo.Names];

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Each_network_of_the_zoo_gives_an_image_back(string name)
    {
        var (input, classes) = Zoo.UsualTask(name);
        var student = Zoo.Build(name, input, classes, 0.25);
        foreach (var kind in new[] { DecoderKind.ConvTranspose, DecoderKind.Upsample })
        {
            var autoEncoder = AutoEncoder.Around(student, kind);
            Assert.Equal(input, autoEncoder.OutputShape);
            // The encoder is the student up to a map, layer by layer.
            var code = autoEncoder.Nodes.First(node => node.Name.StartsWith("decoder", StringComparison.Ordinal)).Inputs[0];
            Assert.True(student.Shapes[code] is not { Height: 1, Width: 1 });
            Assert.Equal(student.Definition.LeadingTo(code).Nodes, autoEncoder.Definition.LeadingTo(code).Nodes);
        }
    }

    [Fact]
    public void The_decoder_mirrors_windows_and_channels()
    {
        static IEnumerable<Operation> Decoder(DecoderKind kind) =>
            AutoEncoder.Around(Zoo.Build("aconvnet", new(1, 88, 88), 10), kind).Nodes
                .Where(node => node.Name.StartsWith("decoder", StringComparison.Ordinal))
                .Select(node => node.Operation).Where(operation => operation is not (BatchNormOp or ReluOp));
        Operation[] poolsBack = [new ConvTransposeOp(64, 2, 2, 2), new ConvTransposeOp(32, 2, 2, 2), new ConvTransposeOp(16, 2, 2, 2)];
        Operation[] windowsBack = [new ConvTransposeOp(64, 5, 5), new ConvTransposeOp(32, 6, 6), new ConvTransposeOp(16, 5, 5)];
        var last = new ConvTransposeOp(1, 5, 5);
        Assert.Equal(
            [.. windowsBack.Zip(poolsBack, (a, b) => new[] { a, b }).SelectMany(pair => pair), last], Decoder(DecoderKind.ConvTranspose));
        Assert.Equal(
            [
                .. windowsBack.SelectMany((window, i) => new[]
                {
                    window, new UpsampleOp(2), new Conv2dOp(64 >> i, 3, 3, 1, 1),
                }),
                last,
            ],
            Decoder(DecoderKind.Upsample));
    }

    [Fact]
    public void A_student_has_the_encoders_weights_and_statistics()
    {
        var student = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), 3, 0.25), seed: 1);
        var trained = Initialiser.Initialise(AutoEncoder.Around(student.Graph, DecoderKind.ConvTranspose), seed: 2);
        trained.Parameters["layer2.0.bn1.running_mean"].Data[1] = 7;
        var (started, taken, initial) = AutoEncoder.StartFrom(student, trained);
        Assert.Equal("conv1", taken[0]);
        Assert.Equal(["fc"], initial);
        foreach (var (name, tensor) in started.Parameters)
            Assert.Equal((name.StartsWith("fc", StringComparison.Ordinal) ? student : trained).Parameters[name].Data, tensor.Data);
    }

    [Fact]
    public void Networks_without_a_mirror_are_refused()
    {
        static string Refusal(params Node[] nodes) => Assert.Throws<InputException>(
            () => AutoEncoder.Around(new(new("net", new(1, 8, 8), nodes)), DecoderKind.ConvTranspose)).Message;
        Assert.StartsWith(
            "network 'net' has no map of more than one pixel before its last layer",
            Refusal(new("flat", new FlattenOp(), ["input"]), new("fc", new LinearOp(3), ["flat"])), StringComparison.Ordinal);
        Assert.StartsWith(
            "network 'net' has the layer 'pad', which makes 1x9x9 of 1x8x8 and has no mirror",
            Refusal(
                new("pad", new PadOp(0, 0, 1, 1), ["input"]), new("conv", new Conv2dOp(4, 3, 3), ["pad"]),
                new("fc", new Conv2dOp(3, 7, 7), ["conv"])),
            StringComparison.Ordinal);
    }
}
