using Dst.Kernels;

namespace Dst.Tests.Kernels;

public unsafe class LayoutTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 3, 5, 4)]
    [InlineData(3, 16, 2, 3)]
    [InlineData(2, 33, 3, 1)]
    public void Plain_images_survive_the_way_to_blocks_and_back(int images, int channels, int height, int width)
    {
        using var expected = Blocked.Random(images, channels, height, width, seed: 1);
        using var actual = Blocked.Garbage(images, channels, height, width);
        var plain = expected.ToNchw();
        var back = new float[plain.Length];
        fixed (float* source = plain) Layout.FromPlain(source, images, channels, height * width, actual.Pointer);
        fixed (float* destination = back) Layout.ToPlain(actual.Pointer, images, channels, height * width, destination);

        Blocked.AssertClose(expected, actual, 0);
        Assert.Equal(plain, back);
    }
}
