using Dst.Graph;
using Dst.Images;

namespace Dst.Tests.Images;

public class ModelImagesTests
{
    private static readonly Model Model = new(
        new(new NetworkGraph("n", new(1, 4, 4), [new("relu", new ReluOp(), [NetworkGraph.InputName])])), new Dictionary<string, Tensor>())
    {
        Normalisation = InputNormalisation.None(1) with { Mean = [0.5f], Deviation = [0.2f] },
    };

    [Theory]
    [InlineData(1, false)]
    [InlineData(255, true)]
    public void Images_in_memory_on_another_scale_are_found(float scale, bool found)
    {
        var lines = new List<string>();
        var images = new ModelImages(Model, lines.Add);
        images.Add(Image.FromFloats(1, 4, 4, [.. Enumerable.Range(0, 16).Select(i => scale * i / 15)]));
        images.SayWhatIsSeen();
        Assert.Equal(found, lines.Exists(line => line.StartsWith("warning: the images are on another scale", StringComparison.Ordinal)));
    }

    [Fact]
    public void Images_of_other_bands_are_refused()
    {
        var images = new ModelImages(Model, _ => { });
        Assert.Throws<InputException>(() => images.Add(new Image(2, 4, 4, 8, new byte[32])));
        Assert.Throws<ArgumentNullException>("image", () => images.Add(null!));
    }
}
