namespace Dst.Training.Data;

/// <summary>A batch of network inputs. It is valid until the next batch is asked for: the loader reuses its buffers.</summary>
public sealed class Batch
{
    internal Batch(int capacity, int imageLength)
    {
        Images = new float[capacity * imageLength];
        Labels = new int[capacity];
        Partners = new int[capacity];
        Indices = new int[capacity];
    }

    /// <summary>
    /// Normalised images, [<see cref="Count"/>, channels, height, width] row-major. Values after the last are stale, and so may be those of
    /// images that other ranks compute.
    /// </summary>
    public float[] Images { get; }

    /// <summary>Class of each of the first <see cref="Labelled"/> images.</summary>
    public int[] Labels { get; }

    /// <summary>
    /// If <see cref="Share"/> is below 1, class of the image that each of the first <see cref="Labelled"/> images is mixed with.
    /// </summary>
    public int[] Partners { get; }

    /// <summary>Share of each image's own label, 0 to 1; the rest is its partner's.</summary>
    public float Share { get; internal set; } = 1;

    /// <summary>Number of each image in its split; unlabelled images that train are counted after the training split.</summary>
    public int[] Indices { get; }

    /// <summary>Images in this batch; the last batch of an epoch may be smaller than the others.</summary>
    public int Count { get; internal set; }

    /// <summary>Images with a label; they come first.</summary>
    public int Labelled { get; internal set; }
}
