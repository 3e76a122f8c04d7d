namespace Dst.Training.Networks;

/// <summary>
/// Plain networks of convolutions, poolings and linear layers without normalisation, of the kind on which max-pooling dropout was measured:
/// Wu, Gu, "Towards Dropout Training for Convolutional Neural Networks", 2015. The number in a name counts layers with weights.
/// </summary>
internal static class Plain
{
    /// <summary>For digits of 28x28: 20 and 40 filters of 5x5, each pooled by 2x2, and 500 hidden units.</summary>
    public static void Add4(NetworkBuilder b)
    {
        AddStage(b, 1, channels: 20, kernel: 5, padding: 0);
        b.Pool("pool1", kernel: 2);
        AddStage(b, 2, channels: 40, kernel: 5, padding: 0);
        b.Pool("pool2", kernel: 2);
        AddClassifier(b, hidden: 1, units: 500);
    }

    /// <summary>For 32x32 images: 96 filters of 5x5, 128 and 256 of 3x3, pooled by overlapping 3x3, and twice 1000 hidden units.</summary>
    public static void Add6(NetworkBuilder b)
    {
        AddStage(b, 1, channels: 96, kernel: 5, padding: 2);
        b.Pool("pool1", kernel: 3, padding: 1);
        AddStage(b, 2, channels: 128, kernel: 3, padding: 1);
        b.Pool("pool2", kernel: 3, padding: 1);
        AddStage(b, 3, channels: 256, kernel: 3, padding: 1);
        b.Pool("pool3", kernel: 3, padding: 1);
        AddClassifier(b, hidden: 2, units: 1000);
    }

    private static void AddStage(NetworkBuilder b, int number, int channels, int kernel, int padding)
    {
        b.Conv($"conv{number}", b.Scale(channels), kernel, padding: padding, bias: true);
        b.Relu($"relu{number}");
    }

    private static void AddClassifier(NetworkBuilder b, int hidden, int units)
    {
        b.Flatten("flatten");
        for (var i = 1; i <= hidden; i++)
        {
            b.Linear($"hidden{i}", b.Scale(units));
            b.Relu($"hidden{i}.relu");
        }

        b.Dropout("dropout");
        b.Linear("classifier", b.Classes);
    }
}
