namespace Dst.Training.Networks;

/// <summary>
/// ConvMixer: Trockman, Kolter, "Patches Are All You Need?", TMLR 2023, with 128 channels, 8 blocks, patches of 2x2 and depthwise kernels
/// of 13x13. Normalisation comes before the activation and ReLU takes the place of GELU, so that layers are fused.
/// </summary>
internal static class ConvMixer
{
    private const int Channels = 128;
    private const int Blocks = 8;
    private const int Patch = 2;
    private const int Kernel = 13;

    public static void Add(NetworkBuilder b)
    {
        var channels = b.Scale(Channels);
        AddConvUnit(b, "patch", channels, Patch, stride: Patch);
        for (var i = 0; i < Blocks; i++)
        {
            var shortcut = b.Last;
            var mixed = AddConvUnit(b, $"blocks.{i}.depthwise", channels, Kernel, padding: Kernel / 2, groups: channels);
            b.Sum($"blocks.{i}.add", mixed, shortcut);
            AddConvUnit(b, $"blocks.{i}.pointwise", channels, kernel: 1);
        }

        b.Classifier("classifier");
    }

    private static string AddConvUnit(
        NetworkBuilder b, string name, int channels, int kernel, int stride = 1, int padding = 0, int groups = 1)
    {
        b.Conv(name, channels, kernel, stride, padding, groups);
        b.BatchNorm($"{name}.bn");
        return b.Relu($"{name}.relu");
    }
}
