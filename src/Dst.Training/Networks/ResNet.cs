namespace Dst.Training.Networks;

/// <summary>
/// Residual networks of basic blocks: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, with the
/// projection shortcut (option B) that the knowledge-distillation literature uses. Node names are torchvision's.
/// </summary>
internal static class ResNet
{
    /// <summary>The thin form for 32x32 images, of depth 6n + 2: three stages of n blocks.</summary>
    /// <param name="b">Takes the nodes.</param>
    /// <param name="depth">8, 14, 20, 32, 44, 56 or 110.</param>
    /// <param name="channels">Of the stem and of each stage.</param>
    public static void AddThin(NetworkBuilder b, int depth, params int[] channels) =>
        Add(b, channels[0], channels[1..], blocks: (depth - 2) / 6);

    /// <summary>ResNet-18 with a 3x3 stem of stride 1 and no pooling after it, as usual on 32x32 images.</summary>
    public static void Add18(NetworkBuilder b) => Add(b, stem: 64, [64, 128, 256, 512], blocks: 2);

    private static void Add(NetworkBuilder b, int stem, int[] stages, int blocks)
    {
        var inputs = b.Scale(stem);
        b.Conv("conv1", inputs, kernel: 3, padding: 1);
        b.BatchNorm("bn1");
        b.Relu("relu");
        for (var stage = 0; stage < stages.Length; stage++)
        {
            var channels = b.Scale(stages[stage]);
            for (var block = 0; block < blocks; block++)
            {
                AddBlock(b, $"layer{stage + 1}.{block}", inputs, channels, stride: stage > 0 && block == 0 ? 2 : 1);
                inputs = channels;
            }
        }

        b.Classifier("fc");
    }

    private static void AddBlock(NetworkBuilder b, string name, int inputs, int channels, int stride)
    {
        var shortcut = b.Last;
        b.Conv($"{name}.conv1", channels, kernel: 3, stride, padding: 1);
        b.BatchNorm($"{name}.bn1");
        b.Relu($"{name}.relu1");
        b.Conv($"{name}.conv2", channels, kernel: 3, padding: 1);
        var residual = b.BatchNorm($"{name}.bn2");
        if (stride != 1 || inputs != channels)
        {
            b.Conv($"{name}.downsample.0", channels, kernel: 1, stride, from: shortcut);
            shortcut = b.BatchNorm($"{name}.downsample.1");
        }

        b.Sum($"{name}.add", residual, shortcut);
        b.Relu($"{name}.relu2");
    }
}
