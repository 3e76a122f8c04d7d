using Dst.Graph;
using Dst.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public class InputChangeTests
{
    private static readonly FeatureShape Shape = new(3, 4, 5);
    private static readonly InputNormalisation Own = new(0, AmplitudeTransform.None, [0.4f, 0.5f, 0.6f], [0.2f, 0.25f, 0.3f]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Inputs_become_those_that_the_other_network_would_make_of_the_image(bool perImage)
    {
        var other = new InputNormalisation(0, AmplitudeTransform.None, [0.1f, 0.2f, 0.7f], [0.5f, 0.1f, 1], PerImage: perImage);
        Image[] images = [Noise(1), Noise(2)];
        var change = InputChange.Between(Own, other, Shape, "teacher")!;
        var (expected, actual) = (Prepare(images, other), change.Apply(Prepare(images, Own)).ToArray());
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 2e-5);
    }

    [Fact]
    public void The_same_normalisation_is_no_change()
    {
        Assert.Null(InputChange.Between(Own, Own with { Mean = [.. Own.Mean], Resize = 64 }, Shape, "teacher"));
        var perImage = Own with { PerImage = true };
        Assert.Null(InputChange.Between(perImage, perImage with { Mean = [0, 0, 0] }, Shape, "teacher"));
    }

    [Fact]
    public void What_the_inputs_have_lost_is_refused()
    {
        foreach (var (from, to) in new[]
        {
            (Own, Own with { Amplitude = AmplitudeTransform.Log }), (Own, Own with { Smooth = true }), (Own with { PerImage = true }, Own),
        })
        {
            var message = Assert.Throws<InputException>(() => InputChange.Between(from, to, Shape, "teacher 'net'")).Message;
            Assert.StartsWith("teacher 'net' takes inputs as amplitude ", message);
        }
    }

    private static float[] Prepare(Image[] images, InputNormalisation normalisation)
    {
        var inputs = new float[images.Length * Shape.Count];
        for (var i = 0; i < images.Length; i++)
            Preprocessor.Prepare(images[i], normalisation, Shape, inputs.AsSpan(i * (int)Shape.Count, (int)Shape.Count));
        return inputs;
    }

    private static Image Noise(int seed)
    {
        var pixels = new byte[Shape.Count];
        new Random(seed).NextBytes(pixels);
        return new(Shape.Channels, Shape.Height, Shape.Width, 8, pixels);
    }
}
