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

    [Theory]
    [InlineData(8, 1, 0.5f, "no sample is above 1/255 of its full range")] // floats from 0 to 1 as bytes
    [InlineData(8, 20, 0.5f, null)] // may be a night picture
    [InlineData(16, 255, 0.5f, "no sample is above 1/255 of its full range")] // bytes as 16 bits
    [InlineData(16, 4095, 0.5f, null)]
    [InlineData(16, 255, 0.002f, null)] // the model learnt from images as dark
    [InlineData(8, 0, 0.5f, "all pixels of an image that the model sees have one value")]
    public void One_image_tells_if_it_is_nearly_black(int bits, int largest, float mean, string? expected)
    {
        var lines = new List<string>();
        var images = new ModelImages(
            Model with { Normalisation = InputNormalisation.None(1) with { Mean = [mean], Deviation = [mean / 2] } }, lines.Add);
        var samples = Enumerable.Range(0, 16).Select(i => largest * i / 15);
        byte[] data = bits == 8
            ? [.. samples.Select(value => (byte)value)]
            : [.. samples.SelectMany(value => BitConverter.GetBytes((ushort)value))];
        images.Add(new Image(1, 4, 4, bits, data));
        images.SayWhatIsSeen();
        if (expected is null) Assert.Empty(lines);
        else Assert.Contains(expected, Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_band_of_an_image_without_content_has_a_value_of_its_own()
    {
        var lines = new List<string>();
        var colours = new Model(
            new(new NetworkGraph("n", new(3, 4, 4), [new("relu", new ReluOp(), [NetworkGraph.InputName])])),
            new Dictionary<string, Tensor>())
        {
            Normalisation = InputNormalisation.None(3) with { Mean = [0.5f, 0.4f, 0.3f], Deviation = [0.2f, 0.2f, 0.2f] },
        };
        var images = new ModelImages(colours, lines.Add);
        images.Add(new Image(3, 4, 4, 8, new byte[48]));
        images.SayWhatIsSeen();
        Assert.StartsWith("warning: all pixels of an image that the model sees have one value", Assert.Single(lines));
    }

    [Fact]
    public void Images_of_other_bands_are_refused()
    {
        var images = new ModelImages(Model, _ => { });
        Assert.Throws<InputException>(() => images.Add(new Image(2, 4, 4, 8, new byte[32])));
        Assert.Throws<ArgumentNullException>("image", () => images.Add(null!));
    }
}
