using System.Numerics;
using Dst.Foundations;
using Dst.Graph;

namespace Dst.Training.Data;

/// <summary>
/// Mixes the images of a batch in pairs, with one λ from Beta(α, α) for the batch. Labels have the shares λ and 1 − λ.
/// <code>
/// mixup: x ← λ·x + (1 − λ)·x'        CutMix: x has a box of x', whose share of the area is 1 − λ after it was cut at the edges
/// </code>
/// Batches are shuffled, so the pairs are the first and the last image, the second and the last but one, and so on. One in the middle
/// stays as it is. Labelled images are mixed with labelled ones, unlabelled with unlabelled ones.
/// </summary>
/// <remarks>
/// Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", ICLR 2018. Yun, Han, Oh, Chun, Choe, Yoo, "CutMix:
/// Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019.
/// </remarks>
internal sealed class BatchMixer(DataOptions options, FeatureShape shape)
{
    /// <summary>Mixes a batch; the same for the same stream.</summary>
    public void Mix(Batch batch, RandomStream random)
    {
        var cuts = options.Cutmix > 0 && (options.Mixup == 0 || random.NextDouble() < 0.5);
        var share = (float)random.NextBeta(cuts ? options.Cutmix : options.Mixup);
        var box = cuts ? Box.Draw(share, shape, ref random) : default;
        batch.Share = cuts ? 1 - (float)box.Area / (shape.Height * shape.Width) : share;
        for (var i = 0; i < batch.Labelled; i++) batch.Partners[i] = batch.Labels[batch.Labelled - 1 - i];
        foreach (var (first, end) in new[] { (0, batch.Labelled), (batch.Labelled, batch.Count) })
        {
            for (int a = first, b = end - 1; a < b; a++, b--)
            {
                if (cuts) Exchange(ImageOf(batch, a), ImageOf(batch, b), box);
                else Blend(ImageOf(batch, a), ImageOf(batch, b), share);
            }
        }
    }

    private Span<float> ImageOf(Batch batch, int number) => batch.Images.AsSpan(number * (int)shape.Count, (int)shape.Count);

    /// <summary>(a, b) ← (λ·a + (1 − λ)·b, λ·b + (1 − λ)·a).</summary>
    private static void Blend(Span<float> a, Span<float> b, float share)
    {
        var rest = 1 - share;
        var (i, lanes) = (0, Vector<float>.Count);
        for (; i <= a.Length - lanes; i += lanes)
        {
            var (x, y) = (new Vector<float>(a[i..]), new Vector<float>(b[i..]));
            (share * x + rest * y).CopyTo(a[i..]);
            (share * y + rest * x).CopyTo(b[i..]);
        }

        for (; i < a.Length; i++) (a[i], b[i]) = (share * a[i] + rest * b[i], share * b[i] + rest * a[i]);
    }

    /// <summary>Exchanges the boxes of two images.</summary>
    private void Exchange(Span<float> a, Span<float> b, Box box)
    {
        for (var c = 0; c < shape.Channels; c++)
        {
            for (var y = box.Top; y < box.Bottom; y++)
            {
                var start = (c * shape.Height + y) * shape.Width;
                for (var i = start + box.Left; i < start + box.Right; i++) (a[i], b[i]) = (b[i], a[i]);
            }
        }
    }

    private readonly record struct Box(int Top, int Left, int Bottom, int Right)
    {
        public int Area => (Bottom - Top) * (Right - Left);

        /// <summary>A box of the image's aspect and a share 1 − λ of its area, about any pixel, cut at the edges.</summary>
        public static Box Draw(double share, FeatureShape shape, ref RandomStream random)
        {
            var side = Math.Sqrt(1 - share);
            int height = (int)(shape.Height * side), width = (int)(shape.Width * side);
            int top = random.NextInt(shape.Height) - height / 2, left = random.NextInt(shape.Width) - width / 2;
            return new(
                Math.Max(top, 0), Math.Max(left, 0), Math.Min(top + height, shape.Height), Math.Min(left + width, shape.Width));
        }
    }
}
