namespace Dst.Training.Networks;

/// <summary>
/// All-convolutional network for SAR chips: Chen, Wang, Xu, Jin, "Target Classification Using the Deep Convolutional Networks for
/// SAR Images", IEEE TGRS 54(8), 2016. Five valid convolutions on a 1x88x88 chip end in one 1x1 map per class. Convolutions keep
/// their biases (303,498 weights at one channel and ten classes); the batch normalisation after each but the last is our addition.
/// </summary>
internal static class AConvNet
{
    public const string Name = "aconvnet";

    public static void Add(NetworkBuilder b)
    {
        Block(b, 1, 16, kernel: 5);
        b.Pool("pool1", kernel: 2);
        Block(b, 2, 32, kernel: 5);
        b.Pool("pool2", kernel: 2);
        Block(b, 3, 64, kernel: 6);
        b.Pool("pool3", kernel: 2);
        b.Dropout("dropout");
        Block(b, 4, 128, kernel: 5);
        b.Conv("conv5", b.Classes, kernel: 3, bias: true);
        // Other input sizes leave a larger last map.
        if (b.LastShape is not { Height: 1, Width: 1 }) b.GlobalAvgPool("avgpool");
        b.Flatten("flatten");
    }

    private static void Block(NetworkBuilder b, int number, int channels, int kernel)
    {
        b.Conv($"conv{number}", b.Scale(channels), kernel, bias: true);
        b.BatchNorm($"bn{number}");
        b.Relu($"relu{number}");
    }
}
