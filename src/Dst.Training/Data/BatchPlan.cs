using Dst.Kernels;

namespace Dst.Training.Data;

/// <summary>The images of one set in the batches of an epoch.</summary>
/// <param name="Samples">The set.</param>
/// <param name="Order">The order in which batches, epoch after epoch, take its images.</param>
/// <param name="FirstIndex">Number of its first image in <see cref="Batch.Indices"/>.</param>
/// <param name="PerBatch">Images in a batch.</param>
/// <param name="PerEpoch">Images in an epoch; the last batch of an epoch may have fewer than the others.</param>
internal sealed record BatchPart(SampleSet Samples, SampleOrder Order, int FirstIndex, int PerBatch, long PerEpoch)
{
    /// <summary>Images in a batch, from 0.</summary>
    public int CountIn(int batch) => (int)Math.Min(PerBatch, PerEpoch - (long)batch * PerBatch);

    /// <summary>An image of a batch.</summary>
    public Draw At(int epoch, int batch, int place) => Order.At(epoch * PerEpoch + (long)batch * PerBatch + place);
}

/// <summary>Which images make each batch: labelled ones first, then unlabelled ones.</summary>
internal sealed class BatchPlan
{
    private const int LabelledStream = 0;
    private const int UnlabelledStream = 1;
    private const int FirstClassStream = 2; // and those after it

    private BatchPlan(int batches, params IReadOnlyList<BatchPart> parts) => (Batches, Parts) = (batches, parts);

    /// <summary>Batches of an epoch.</summary>
    public int Batches { get; }

    /// <summary>The labelled images and, where they are read, the unlabelled ones.</summary>
    public IReadOnlyList<BatchPart> Parts { get; }

    /// <summary>Images in the largest batch.</summary>
    public int Capacity => Parts.Sum(part => part.CountIn(0));

    /// <summary>The images of one split in the order of their numbers.</summary>
    public static BatchPlan InOrder(SampleSet samples, int batch) =>
        new(Layout.CeilDiv(samples.Count, batch), new BatchPart(samples, new NumberedOrder(), FirstIndex: 0, batch, samples.Count));

    /// <summary>
    /// The training images in random order. An epoch has as many images as there are labelled and unlabelled ones together. If only the
    /// labelled ones are read, they come several times. Otherwise each batch has both kinds in their proportion, and at least one of
    /// each; a pass over either kind goes on in the next epoch. <see cref="DataOptions.Sampling"/> orders the labelled ones.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A batch of one image cannot have both kinds.</exception>
    public static BatchPlan ForTraining(DataSet data, int batch, long seed, bool readsUnlabelled)
    {
        int labelled = data.Training.Count, unlabelled = data.Unlabelled.Count, all = labelled + unlabelled;
        var batches = data.StepsPerEpoch(batch);
        SampleOrder order = data.Options.Sampling == Sampling.Balanced
            ? new BalancedOrder(data.Training, seed, FirstClassStream)
            : new ShuffledOrder(labelled, seed, LabelledStream);
        if (!readsUnlabelled || unlabelled == 0) return new(batches, new BatchPart(data.Training, order, FirstIndex: 0, batch, all));

        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 2);
        var size = Math.Min(batch, all);
        var ofLabelled = Math.Clamp((int)Math.Round((double)size * labelled / all), 1, size - 1);
        var ofUnlabelled = size - ofLabelled;
        var unlabelledOrder = new ShuffledOrder(unlabelled, seed, UnlabelledStream);
        return new(
            batches,
            new(data.Training, order, FirstIndex: 0, ofLabelled, (long)ofLabelled * batches),
            new(data.Unlabelled, unlabelledOrder, FirstIndex: labelled, ofUnlabelled, (long)ofUnlabelled * batches));
    }
}
