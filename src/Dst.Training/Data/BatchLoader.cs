using System.Runtime.ExceptionServices;
using Dst.Foundations;
using Dst.Training.Ranks;

namespace Dst.Training.Data;

/// <summary>
/// Delivers the batches of a split. A background thread prepares them ahead in reused buffers. What is in a batch depends only on
/// the seed and on its number, so a run may resume at any batch of any epoch.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    private const int Buffers = 3;

    private readonly BatchPlan _plan;
    private readonly Augmenter _augmenter;
    private readonly BatchMixer? _mixer;
    private readonly int _imageLength;
    private readonly bool _augment;
    private readonly long _seed;
    private readonly Batch[] _buffers;
    private EpochReader? _reader;

    /// <summary>Prepares the batches of one split.</summary>
    /// <param name="data">Set that the split belongs to.</param>
    /// <param name="samples">The split.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="augment">True shuffles and augments each epoch; false gives the centre crops in their fixed order.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="readsUnlabelled">Whether the batches of the training split have unlabelled images too.</param>
    /// <param name="ranks">The processes that share each batch, or null. A rank reads its own images, and all if they
    /// are mixed.</param>
    /// <exception cref="InputException">A batch has more values than an array holds.</exception>
    /// <exception cref="ArgumentException">
    /// The batch size is below 1, or what is asked goes with augmented batches of the training split alone.
    /// </exception>
    public BatchLoader(
        DataSet data, SampleSet samples, int batchSize, bool augment, long seed, bool readsUnlabelled = false, RankGroup? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (augment && !ReferenceEquals(samples, data.Training))
            throw new ArgumentException("only the training split is augmented", nameof(augment));
        if (readsUnlabelled && !augment)
            throw new ArgumentException("only augmented batches have unlabelled images", nameof(readsUnlabelled));
        (_augment, _seed, Ranks) = (augment, seed, ranks ?? RankGroup.Single);
        _plan = augment ? BatchPlan.ForTraining(data, batchSize, seed, readsUnlabelled) : BatchPlan.InOrder(samples, batchSize);
        _imageLength = checked((int)data.Shape.Count);
        _augmenter = new(data.Options, data.Normalisation, data.Shape);
        _mixer = augment && data.Options.IsMixed ? new(data.Options, data.Shape) : null;
        var capacity = Math.Max(_plan.Capacity, 1);
        if ((long)capacity * _imageLength > Array.MaxLength)
            throw new InputException(
                $"a batch of {capacity} images of {data.Shape} has more than {Array.MaxLength} values; "
                + "a smaller batch or crop was expected");
        _buffers = new Batch[Buffers];
        for (var i = 0; i < Buffers; i++) _buffers[i] = new(capacity, _imageLength);
    }

    /// <summary>The processes that share each batch.</summary>
    internal RankGroup Ranks { get; }

    /// <summary>Batches of an epoch; the last may be smaller.</summary>
    public int BatchesPerEpoch => _plan.Batches;

    /// <summary>Images of an epoch that have a label. An image counts each time that it comes.</summary>
    public long LabelledPerEpoch => _plan.Parts[0].PerEpoch;

    /// <summary>
    /// The batches of one epoch from <paramref name="firstBatch"/> on. A batch is valid until the next is asked for. One epoch
    /// at a time.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another epoch of this loader is still being read.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        if (_reader is not null) throw new InvalidOperationException("an epoch of this loader is still being read");
        using var reader = _reader = new(this, epoch, firstBatch);
        try
        {
            for (var batch = firstBatch; batch < BatchesPerEpoch; batch++)
            {
                reader.WaitForBatch();
                yield return _buffers[batch % Buffers];
                reader.ReturnBuffer();
            }
        }
        finally
        {
            _reader = null;
        }
    }

    /// <summary>Stops the background thread of an epoch that was not read to its end.</summary>
    public void Dispose() => _reader?.Dispose();

    private void Fill(Batch batch, int number, int epoch)
    {
        batch.Count = batch.Labelled = 0;
        var total = _plan.Parts.Sum(part => part.CountIn(number));
        var read = _mixer is null ? Ranks.ImagesOf(total) : new(0, total);
        foreach (var part in _plan.Parts)
        {
            var count = part.CountIn(number);
            for (var i = 0; i < count; i++)
            {
                var (index, pass) = part.At(epoch, number, i);
                Add(part.Samples.Samples[index], part.FirstIndex + index, pass, batch, read);
            }
        }

        _mixer?.Mix(batch, new(_seed, RandomPurpose.Mix, epoch, number));
    }

    private void Add(Sample sample, int index, int pass, Batch batch, ImageRange read)
    {
        if (read.Contains(batch.Count))
        {
            var image = batch.Images.AsSpan(batch.Count * _imageLength, _imageLength);
            if (_augment) _augmenter.Write(sample, new RandomStream(_seed, RandomPurpose.Augment, pass, index), image);
            else _augmenter.Write(sample, image);
        }

        batch.Indices[batch.Count++] = index;
        if (sample.Label is { } label) batch.Labels[batch.Labelled++] = label;
    }

    /// <summary>The background thread of one epoch. It fills buffers in turn, as they become free.</summary>
    private sealed class EpochReader : IDisposable
    {
        private readonly BatchLoader _loader;
        private readonly SemaphoreSlim _free = new(Buffers);
        private readonly SemaphoreSlim _ready = new(0);
        private readonly Thread _thread;
        private ExceptionDispatchInfo? _failure;
        private volatile bool _stopping;

        public EpochReader(BatchLoader loader, int epoch, int firstBatch)
        {
            _loader = loader;
            _thread = new(() => Run(epoch, firstBatch)) { IsBackground = true, Name = "dst batches" };
            _thread.Start();
        }

        public void WaitForBatch()
        {
            _ready.Wait();
            _failure?.Throw();
        }

        public void ReturnBuffer() => _free.Release();

        public void Dispose()
        {
            if (_stopping) return;
            _stopping = true;
            _free.Release();
            _thread.Join();
            _free.Dispose();
            _ready.Dispose();
        }

        private void Run(int epoch, int firstBatch)
        {
            try
            {
                for (var batch = firstBatch; batch < _loader.BatchesPerEpoch; batch++)
                {
                    _free.Wait();
                    if (_stopping) return;
                    _loader.Fill(_loader._buffers[batch % Buffers], batch, epoch);
                    _ready.Release();
                }
            }
            catch (Exception e)
            {
                // The reader of the batches throws it again.
                _failure = ExceptionDispatchInfo.Capture(e);
                _ready.Release();
            }
        }
    }
}
