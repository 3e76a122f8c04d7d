namespace Dst.Training.Networks;

/// <summary>
/// Wide residual networks of pre-activation blocks, without dropout inside them: Zagoruyko, Komodakis, "Wide Residual Networks",
/// BMVC 2016. Where the channels change, the projection shortcut reads the activated input.
/// </summary>
internal static class WideResNet
{
    /// <summary>The network of depth 6n + 4: three stages of n blocks with 16, 32 and 64 times <paramref name="widen"/> channels.</summary>
    public static void Add(NetworkBuilder b, int depth, int widen)
    {
        var inputs = b.Scale(16);
        b.Conv("conv1", inputs, kernel: 3, padding: 1);
        for (var stage = 0; stage < 3; stage++)
        {
            var channels = b.Scale((16 << stage) * widen);
            for (var block = 0; block < (depth - 4) / 6; block++)
            {
                AddBlock(b, $"block{stage + 1}.layer.{block}", inputs, channels, stride: stage > 0 && block == 0 ? 2 : 1);
                inputs = channels;
            }
        }

        b.BatchNorm("bn1");
        b.Relu("relu");
        b.Classifier("fc");
    }

    private static void AddBlock(NetworkBuilder b, string name, int inputs, int channels, int stride)
    {
        var shortcut = b.Last;
        b.BatchNorm($"{name}.bn1");
        var activated = b.Relu($"{name}.relu1");
        b.Conv($"{name}.conv1", channels, kernel: 3, stride, padding: 1);
        b.BatchNorm($"{name}.bn2");
        b.Relu($"{name}.relu2");
        var residual = b.Conv($"{name}.conv2", channels, kernel: 3, padding: 1);
        if (stride != 1 || inputs != channels) shortcut = b.Conv($"{name}.convShortcut", channels, kernel: 1, stride, from: activated);
        b.Sum($"{name}.add", residual, shortcut);
    }
}
