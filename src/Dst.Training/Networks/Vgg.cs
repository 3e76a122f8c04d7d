namespace Dst.Training.Networks;

/// <summary>
/// VGG with batch normalisation and one linear classifier: Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale
/// Image Recognition", ICLR 2015, in the form of the knowledge-distillation literature: convolutions keep their biases, and the
/// fourth pooling is there only for inputs of 64 pixels a side and more.
/// </summary>
internal static class Vgg
{
    private const int FourthPoolFrom = 64;
    private static readonly int[] BlockChannels = [64, 128, 256, 512, 512];

    /// <summary>The network with <paramref name="convolutions"/> convolutions in each of its five blocks.</summary>
    public static void Add(NetworkBuilder b, params int[] convolutions)
    {
        for (var block = 0; block < BlockChannels.Length; block++)
        {
            var channels = b.Scale(BlockChannels[block]);
            for (var i = 0; i < convolutions[block]; i++)
            {
                // Convolution, normalisation and activation are numbered through, as in a PyTorch Sequential.
                b.Conv($"block{block}.{3 * i}", channels, kernel: 3, padding: 1, bias: true);
                b.BatchNorm($"block{block}.{3 * i + 1}");
                b.Relu($"block{block}.{3 * i + 2}");
            }

            if (block < 3 || block == 3 && Math.Min(b.Input.Height, b.Input.Width) >= FourthPoolFrom) b.Pool($"pool{block}", kernel: 2);
        }

        b.Classifier("classifier");
    }
}
