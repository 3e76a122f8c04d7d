namespace Dst.Training.Networks;

/// <summary>
/// Inverted residuals with linear bottlenecks: Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2", CVPR 2018, in the CIFAR form
/// of the knowledge-distillation literature (the second stage keeps its stride at 1, ReLU in place of ReLU6, an expansion
/// convolution in the first block too). The last 1280 channels grow with the width multiplier but do not shrink.
/// </summary>
internal static class MobileNetV2
{
    private static readonly (int Expansion, int Channels, int Blocks, int Stride)[] Stages =
        [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    public static void Add(NetworkBuilder b)
    {
        var inputs = b.Scale(32);
        AddConvUnit(b, "conv1", 0, inputs, kernel: 3, stride: 2, padding: 1);
        for (var stage = 0; stage < Stages.Length; stage++)
        {
            var (expansion, scaledFrom, blocks, firstStride) = Stages[stage];
            var channels = b.Scale(scaledFrom);
            for (var block = 0; block < blocks; block++)
            {
                AddBlock(b, $"blocks.{stage}.{block}", inputs, channels, expansion, block == 0 ? firstStride : 1);
                inputs = channels;
            }
        }

        AddConvUnit(b, "conv2", 0, Math.Max(1280, b.Scale(1280)), kernel: 1);
        b.Classifier("classifier.0");
    }

    private static void AddBlock(NetworkBuilder b, string name, int inputs, int channels, int expansion, int stride)
    {
        var shortcut = b.Last;
        var hidden = inputs * expansion;
        AddConvUnit(b, $"{name}.conv", 0, hidden, kernel: 1);
        AddConvUnit(b, $"{name}.conv", 3, hidden, kernel: 3, stride, padding: 1, groups: hidden);
        b.Conv($"{name}.conv.6", channels, kernel: 1);
        var residual = b.BatchNorm($"{name}.conv.7");
        if (stride == 1 && inputs == channels) b.Sum($"{name}.add", residual, shortcut);
    }

    /// <summary>Convolution, normalisation and activation, numbered from <paramref name="index"/> on as in a PyTorch Sequential.</summary>
    private static void AddConvUnit(
        NetworkBuilder b, string name, int index, int channels, int kernel, int stride = 1, int padding = 0, int groups = 1)
    {
        b.Conv($"{name}.{index}", channels, kernel, stride, padding, groups);
        b.BatchNorm($"{name}.{index + 1}");
        b.Relu($"{name}.{index + 2}");
    }
}
