using Dst.Foundations;
using Dst.Graph;

namespace Dst.Training.Data;

/// <summary>
/// Random erasing: Zhong, Zheng, Kang, Li, Yang, "Random Erasing Data Augmentation", AAAI 2020. Erased pixels get the mean.
/// </summary>
internal static class RandomErasing
{
    private const double SmallestShare = 0.02; // of the image's area
    private const double LargestShare = 0.4;
    private const double LargestAspect = 1 / 0.3;
    private const int Tries = 10;

    /// <summary>
    /// Sets a rectangle of a normalised image to 0, the mean. Its area is uniform, the logarithm of its height over its width too. If no
    /// rectangle of ten fits, nothing is erased.
    /// </summary>
    public static void Erase(Span<float> image, FeatureShape shape, ref RandomStream random)
    {
        for (var i = 0; i < Tries; i++)
        {
            var area = random.NextDouble(SmallestShare, LargestShare) * shape.Height * shape.Width;
            var aspect = Math.Exp(Math.Log(LargestAspect) * random.NextDouble(-1, 1));
            int height = (int)Math.Round(Math.Sqrt(area * aspect)), width = (int)Math.Round(Math.Sqrt(area / aspect));
            if (height > shape.Height || width > shape.Width) continue;
            int top = random.NextInt(shape.Height - height + 1), left = random.NextInt(shape.Width - width + 1);
            for (var c = 0; c < shape.Channels; c++)
            {
                for (var y = top; y < top + height; y++) image.Slice((c * shape.Height + y) * shape.Width + left, width).Clear();
            }

            return;
        }
    }
}
