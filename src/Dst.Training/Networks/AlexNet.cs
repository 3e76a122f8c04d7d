namespace Dst.Training.Networks;

/// <summary>
/// Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, in a form for images of
/// 32x32: the 11x11 kernels move by one pixel, batch normalisation takes the place of local response normalisation, and one linear layer
/// reads the averages of the last map.
/// </summary>
internal static class AlexNet
{
    public static void Add(NetworkBuilder b)
    {
        AddStage(b, 1, channels: 64, kernel: 11);
        b.Pool("pool1", kernel: 3, padding: 1);
        AddStage(b, 2, channels: 192, kernel: 5);
        b.Pool("pool2", kernel: 3, padding: 1);
        AddStage(b, 3, channels: 384, kernel: 3);
        AddStage(b, 4, channels: 256, kernel: 3);
        AddStage(b, 5, channels: 256, kernel: 3);
        b.Pool("pool5", kernel: 3, padding: 1);
        b.Classifier("classifier");
    }

    private static void AddStage(NetworkBuilder b, int number, int channels, int kernel)
    {
        b.Conv($"conv{number}", b.Scale(channels), kernel, padding: kernel / 2);
        b.BatchNorm($"bn{number}");
        b.Relu($"relu{number}");
    }
}
