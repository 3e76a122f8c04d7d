using Dst.Foundations;
using Dst.Training.Data;

namespace Dst.Training.Engine;

/// <summary>The normal noise that a denoising auto-encoder sees on its images.</summary>
/// <param name="deviation">Its deviation; 0 for none.</param>
/// <param name="imageLength">Values of an image.</param>
/// <param name="maxBatch">Images of the largest batch.</param>
/// <param name="seed">Seed of the run.</param>
internal sealed class InputNoise(double deviation, long imageLength, int maxBatch, long seed)
{
    private readonly float[] _noisy = new float[deviation > 0 ? maxBatch * imageLength : 0];

    /// <summary>The images of a batch with noise, valid until the next call; as they are if there is none.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="number">Number of the batch in it.</param>
    public float[] AddTo(Batch batch, int epoch, int number)
    {
        if (deviation == 0) return batch.Images;
        var random = new RandomStream(seed, RandomPurpose.Noise, epoch, number);
        var length = batch.Count * (int)imageLength;
        for (var i = 0; i < length; i++) _noisy[i] = batch.Images[i] + (float)(deviation * random.NextNormal());
        return _noisy;
    }
}
