using Dst.Kernels;

namespace Dst.Tests.Kernels;

public class Conv2dShapeTests
{
    [Theory]
    [InlineData(5, 7, 3, 1, 1)]
    [InlineData(8, 8, 3, 2, 1)]
    [InlineData(9, 6, 1, 2, 0)]
    [InlineData(4, 4, 7, 1, 3)]
    [InlineData(6, 5, 4, 1, 2)]
    public void Multiply_adds_on_the_map_leave_out_those_on_padding(int height, int width, int kernel, int stride, int padding)
    {
        var shape = new Conv2dShape(3, height, width, 20, kernel, kernel, stride, padding);
        var random = new Random(1);
        int[][] positions = [.. Enumerable.Range(0, 5).Select(
            _ => Enumerable.Range(0, shape.RowLength).Where(_ => random.Next(2) == 0).ToArray())];
        Assert.Equal(Counted(shape, (_, _) => true), shape.MultiplyAddsOnMap(null));
        Assert.Equal(
            Counted(shape, (filter, position) => positions[filter / 4].Contains(position)), shape.MultiplyAddsOnMap(new(4, positions)));
    }

    [Fact]
    public void Without_padding_all_multiply_adds_are_on_the_map()
    {
        var shape = new Conv2dShape(16, 9, 9, 16, 3, 3);
        Assert.Equal(shape.MultiplyAdds, shape.MultiplyAddsOnMap(null));
    }

    private static long Counted(Conv2dShape shape, Func<int, int, bool> keeps)
    {
        var count = 0L;
        for (var filter = 0; filter < shape.Filters; filter++)
            for (var position = 0; position < shape.RowLength; position++)
                for (var y = 0; y < shape.OutHeight; y++)
                    for (var x = 0; x < shape.OutWidth; x++)
                    {
                        var row = y * shape.Stride + position / shape.KernelWidth % shape.KernelHeight - shape.Padding;
                        var column = x * shape.Stride + position % shape.KernelWidth - shape.Padding;
                        if (keeps(filter, position) && row >= 0 && row < shape.Height && column >= 0 && column < shape.Width) count++;
                    }

        return count;
    }
}
