using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

internal sealed unsafe class SpectralPoolCase(int images, MapShape x, int height, int width)
    : OperationCase($"spectral pool {images} {x} to {height}x{width}")
{
    private readonly SpectralPool _pool = new(x, height, width);

    public static SpectralPoolCase[] All { get; } =
    [
        new(2, new(3, 8, 6), 4, 3),
        new(1, new(17, 7, 9), 3, 4),
        new(2, new(33, 5, 6), 5, 5),
        new(1, new(1, 4, 1), 2, 1),
        new(1, new(16, 3, 4), 1, 4),
    ];

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, x.Channels, x.Height, x.Width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, x.Channels, height, width);
        if (tier is null) Refer(_pool.ForwardOf(inputs[0].Pointer, images, y.Pointer), accumulate: false);
        else _pool.Forward(tier.Value, inputs[0].Pointer, images, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is null) Refer(_pool.BackwardOf(dy.Pointer, images, gradients[0].Pointer), accumulate);
        else _pool.Backward(tier.Value, dy.Pointer, images, gradients[0].Pointer, accumulate);
    }

    private static void Refer(ProductOfPlanes product, bool accumulate)
    {
        if (!accumulate) product.Clear();
        product.Reference();
    }
}
