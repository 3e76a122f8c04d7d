using Dst.Runtime.Inference;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Ranks;

namespace Dst.Training.Objectives;

/// <summary>
/// A network that teaches. An inference plan computes its logits. Where a loss compares features too, a training network computes
/// both. The same batch gives the same bits on any number of threads.
/// </summary>
internal sealed class Teacher : IDisposable
{
    private readonly TrainingNetwork? _network;
    private readonly FeatureMaps? _features;
    private readonly InferencePlan? _plan;
    private readonly InferenceSession? _session;
    private readonly int _classes;
    private readonly int _imageLength; // C·H·W
    private readonly bool _standardise;
    private readonly RankGroup _ranks;
    private readonly InputChange? _inputChange;
    private readonly float[] _logits; // of the present batch
    private int _count; // images of the present batch
    private float[] _cached = []; // logits of all training images; empty if each batch is computed

    /// <summary>Compiles the teacher.</summary>
    /// <param name="model">The network; not changed.</param>
    /// <param name="features">Layers whose outputs losses compare.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="standardise">Whether its logits are standardised (<see cref="LogitStandardisation"/>).</param>
    /// <param name="inputs">Normalisation of the images that it will see, or null if it is the teacher's.</param>
    /// <exception cref="InputException">It cannot have its inputs from those images, or its outputs are not of classes.</exception>
    public Teacher(
        Model model, IReadOnlyList<string> features, int maxBatch, ComputeContext compute, bool standardise = false,
        InputNormalisation? inputs = null)
    {
        if (inputs is not null && model.Normalisation is { } own)
            _inputChange = InputChange.Between(inputs, own, model.Graph.Input, $"teacher '{model.Graph.Name}'");
        (_standardise, _ranks) = (standardise, compute.Ranks);
        model = model.ToLogits();
        _imageLength = (int)model.Graph.Input.Count;
        if (features.Count > 0)
        {
            _network = new(model, maxBatch, compute, seed: 0, [.. features.Distinct()]);
            _network.Freeze();
            _features = new(model.Graph, features, maxBatch);
            _classes = _network.Classes;
        }
        else
        {
            // Without tuning: which kernels are fastest would change the bits.
            _plan = InferencePlan.Compile(model, new() { Batch = maxBatch, Tune = false, Tier = compute.Tier });
            _session = _plan.CreateSession(compute.Pool);
            _classes = _plan.Outputs;
        }

        _logits = new float[maxBatch * _classes];
    }

    /// <summary>Whether features were asked for. The logits of such a teacher are computed for each batch.</summary>
    public bool HasFeatures => _features is not null;

    /// <summary>The logits of the batch that it saw last, [count, classes].</summary>
    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, _count * _classes);

    /// <summary>Computes the logits of all training images without augmentation. <see cref="Forward"/> looks them up afterwards.</summary>
    /// <param name="data">The data.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="readsUnlabelled">Whether the student sees the unlabelled images too.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void CacheLogits(DataSet data, int batchSize, bool readsUnlabelled, CancellationToken cancellation)
    {
        SampleSet[] sets = readsUnlabelled ? [data.Training, data.Unlabelled] : [data.Training];
        var cached = new float[checked(sets.Sum(set => set.Count) * _classes)];
        var first = 0;
        foreach (var set in sets)
        {
            using var images = new BatchLoader(data, set, batchSize, augment: false, seed: 0, ranks: _ranks);
            foreach (var batch in images.Epoch(0))
            {
                _ranks.ThrowIfCancelled(cancellation);
                Compute(batch);
                Logits.CopyTo(cached.AsSpan((first + batch.Indices[0]) * _classes));
            }

            first += set.Count;
        }

        _cached = cached;
    }

    /// <summary>Computes, or looks up, the logits and features of a batch.</summary>
    public void Forward(Batch batch)
    {
        if (_cached.Length == 0) Compute(batch);
        else LookUp(batch);
        if (_standardise) LogitStandardisation.Apply(Logits, _classes, _logits.AsSpan(0, _count * _classes));
    }

    /// <summary>The output of one of its features for the batch that it saw last, [count, C, H, W].</summary>
    public ReadOnlySpan<float> Feature(string layer) => _features!.Values(layer);

    public void Dispose()
    {
        _network?.Dispose();
        _session?.Dispose();
        _plan?.Dispose();
    }

    private void LookUp(Batch batch)
    {
        _count = batch.Count;
        for (var i = 0; i < batch.Count; i++) _cached.AsSpan(batch.Indices[i] * _classes, _classes).CopyTo(_logits.AsSpan(i * _classes));
    }

    private void Compute(Batch batch)
    {
        _count = batch.Count;
        var logits = _logits.AsSpan(0, batch.Count * _classes);
        ReadOnlySpan<float> images = batch.Images.AsSpan(0, batch.Count * _imageLength);
        if (_inputChange is not null) images = _inputChange.Apply(images);
        if (_network is not null)
        {
            _network.Forward(images, batch.Count, training: false).CopyTo(logits);
            _features!.Read(_network, batch.Count);
        }
        else
        {
            // Part by part, on one rank too: a linear layer sums neighbouring images in another order than single ones.
            for (var part = _ranks.FirstPart; part < _ranks.EndPart; part++)
            {
                var (first, count) = _ranks.ImagesOfPart(batch.Count, part);
                if (count == 0) continue;
                _session!.Run(
                    images.Slice(first * _imageLength, count * _imageLength), count, logits.Slice(first * _classes, count * _classes));
            }

            _ranks.GatherRows(logits, batch.Count);
        }
    }
}
