using Dst.Images;
using Dst.Tests.Images;
using Dst.Training.Masks.Repair;
using Dst.Training.Networks;

namespace Dst.Tests.Data;

/// <summary>Images without labels that a repair or a quantisation is given.</summary>
public sealed partial class FolderDataTests
{
    [Fact]
    public void CalibrationImagesInMemoryAreDrawnAndPreparedAsFiles()
    {
        for (var i = 0; i < 6; i++) Write($"{i}.png", TestImages.GreyPng(20, 18, (y, x) => (byte)(i + 9 * y + x)));
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 16, 16), 2, width: 0.25), seed: 1);
        Image[] images = [.. Enumerable.Range(0, 6).Select(i => Image.Read(_folder.File($"{i}.png")))];
        var drawn = CalibrationImages.Draw(images, model, 4, seed: 3);
        Assert.Equal(4, drawn.CountDifferent());
        Assert.Equal(CalibrationImages.DrawFiles(_folder.Path, model, 4, seed: 3, _log.Add).Values, drawn.Values);
        Assert.Throws<InputException>(() => CalibrationImages.Draw([], model, 4, seed: 3));
        Assert.Throws<ArgumentNullException>("image", () => CalibrationImages.Draw([null!], model, 4, seed: 3));
    }
}
