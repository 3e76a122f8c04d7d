using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Tests.Kernels;
using Dst.Training.Masks.Repair;

namespace Dst.Tests.Masks.Repair;

/// <summary>The sums of products against plain loops, on odd shapes.</summary>
public unsafe class GramMatrixTests
{
    public static TheoryData<Conv2dShape, int> Shapes => new()
    {
        { new(1, 5, 5, 1, 1, 1), 1 },
        { new(3, 7, 6, 17, 3, 3, Padding: 1), 3 },
        { new(17, 6, 9, 5, 3, 3, Stride: 2, Padding: 1), 2 },
        { new(20, 5, 4, 33, 1, 1, Stride: 2), 2 },
        { new(4, 8, 8, 6, 5, 3, Padding: 3), 2 },
        { new(12, 6, 6, 8, 3, 3, Padding: 1, Groups: 2), 2 },
        { new(10, 4, 4, 10, 3, 3, Padding: 1, Groups: 10), 3 },
        { new(16, 20, 20, 16, 3, 3, Padding: 1), 4 }, // more than one chunk of pixels
        { new(23, 1, 1, 7, 1, 1), 5 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sums_are_those_of_plain_loops(Conv2dShape shape, int images)
    {
        using var x = Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1);
        using var y = Blocked.Random(images, shape.Filters, shape.OutHeight, shape.OutWidth, seed: 2);
        using var other = Blocked.Random(images, shape.Filters, shape.OutHeight, shape.OutWidth, seed: 3);
        using var pool = new WorkerPool(1);
        for (var group = 0; group < shape.Groups; group++)
        {
            var gram = new GramMatrix(shape, group);
            gram.Add(pool, x.Pointer, y.Pointer, images);
            AssertSums(gram, shape, group, x, y);
            gram.Add(pool, x.Pointer, other.Pointer, images, targetsOnly: true);
            AssertSums(gram, shape, group, x, other);
        }
    }

    [Fact]
    public void Bits_are_the_same_on_any_number_of_threads()
    {
        var shape = new Conv2dShape(20, 15, 15, 33, 3, 3, Padding: 1);
        using var x = Blocked.Random(9, 20, 15, 15, seed: 1);
        using var y = Blocked.Random(9, 33, 15, 15, seed: 2);
        Assert.Equal(Sums(1), Sums(3));

        double[] Sums(int threads)
        {
            using var pool = new WorkerPool(threads);
            var gram = new GramMatrix(shape, 0);
            gram.Add(pool, x.Pointer, y.Pointer, 9);
            return [.. from i in Enumerable.Range(0, shape.RowLength)
                from j in Enumerable.Range(0, shape.RowLength)
                select gram.Inputs(i, j)];
        }
    }

    private static void AssertSums(GramMatrix gram, Conv2dShape shape, int index, Blocked x, Blocked y)
    {
        var filters = shape.Filters / shape.Groups;
        var vectors = Vectors(shape, index, x, y);
        var count = vectors.Count;
        Assert.Equal(count, gram.Count);
        for (var i = 0; i < shape.RowLength; i++)
        {
            AssertNear(vectors.Sum(v => v.X[i]), gram.Input(i));
            for (var j = 0; j < shape.RowLength; j += 3) AssertNear(vectors.Sum(v => v.X[i] * v.X[j]), gram.Inputs(i, j));
        }

        for (var o = 0; o < filters; o++)
        {
            AssertNear(vectors.Sum(v => v.Y[o]), gram.Target(o));
            AssertNear(vectors.Sum(v => v.Y[o] * v.Y[o]), gram.TargetSquare(o));
            for (var i = 0; i < shape.RowLength; i++) AssertNear(vectors.Sum(v => v.Y[o] * v.X[i]), gram.Cross(o, i));
        }

        void AssertNear(double expected, double actual) => Assert.Equal(expected, actual, 1e-10 * count);
    }

    /// <summary>The window and the targets of each output pixel.</summary>
    private static List<(double[] X, double[] Y)> Vectors(Conv2dShape s, int index, Blocked x, Blocked y) =>
        [.. from n in Enumerable.Range(0, x.Images)
            from oy in Enumerable.Range(0, s.OutHeight)
            from ox in Enumerable.Range(0, s.OutWidth)
            select (Window(s, index, x, n, oy, ox), Targets(s, index, y, n, oy, ox))];

    private static double[] Window(Conv2dShape s, int index, Blocked x, int n, int oy, int ox) =>
        [.. from c in Enumerable.Range(index * s.ChannelsPerGroup, s.ChannelsPerGroup)
            from ky in Enumerable.Range(oy * s.Stride - s.Padding, s.KernelHeight)
            from kx in Enumerable.Range(ox * s.Stride - s.Padding, s.KernelWidth)
            select ky < 0 || kx < 0 || ky >= s.Height || kx >= s.Width ? 0.0 : x[n, c, ky, kx]];

    private static double[] Targets(Conv2dShape s, int index, Blocked y, int n, int oy, int ox) =>
        [.. from o in Enumerable.Range(index * s.Filters / s.Groups, s.Filters / s.Groups) select (double)y[n, o, oy, ox]];
}
