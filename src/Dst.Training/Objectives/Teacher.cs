using Dst.Runtime.Inference;
using Dst.Training.Autodiff;
using Dst.Training.Data;

namespace Dst.Training.Objectives;

/// <summary>
/// A network that teaches. Its logits come from the compiled inference form, or, where a loss compares features too, from the
/// network that has them. The same batch gives the same bits on any number of threads.
/// </summary>
internal sealed class Teacher : IDisposable
{
    private readonly InferencePlan? _plan;
    private readonly InferenceSession? _session;
    private readonly int _classes;
    private readonly float[] _logits; // of a batch
    private float[] _known = []; // of all training images, if they are computed once

    /// <summary>Compiles the teacher.</summary>
    /// <param name="model">The network; not changed.</param>
    /// <param name="features">Layers whose outputs losses compare.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    public Teacher(Model model, IReadOnlyList<string> features, int maxBatch, ComputeContext compute)
    {
        if (features.Count > 0)
        {
            Network = new(model, maxBatch, compute, seed: 0, features);
            Network.Freeze();
            _classes = Network.Classes;
        }
        else
        {
            _plan = InferencePlan.Compile(model, new() { Batch = maxBatch, Tune = false, Tier = compute.Tier }); // a measurement would change the bits
            _session = _plan.CreateSession(compute.Pool);
            _classes = _plan.Classes;
        }

        _logits = new float[maxBatch * _classes];
    }

    /// <summary>The network whose features can be read, or null if none were asked for.</summary>
    public TrainingNetwork? Network { get; }

    /// <summary>Computes the logits of all training images as they are without augmentation; from now on they are looked up.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Remember(DataSet data, int batchSize, CancellationToken cancellation)
    {
        using var images = new BatchLoader(data, data.Training, batchSize, augment: false, seed: 0);
        var known = new float[checked(data.Training.Count * _classes)];
        foreach (var batch in images.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            Compute(batch).CopyTo(known.AsSpan(batch.Indices[0] * _classes));
        }

        _known = known;
    }

    /// <summary>The logits of a batch, [count, classes], valid until the next call.</summary>
    public ReadOnlySpan<float> LogitsOf(Batch batch)
    {
        if (_known.Length == 0) return Compute(batch);
        for (var i = 0; i < batch.Count; i++) _known.AsSpan(batch.Indices[i] * _classes, _classes).CopyTo(_logits.AsSpan(i * _classes));
        return _logits.AsSpan(0, batch.Count * _classes);
    }

    public void Dispose()
    {
        Network?.Dispose();
        _session?.Dispose();
        _plan?.Dispose();
    }

    private ReadOnlySpan<float> Compute(Batch batch)
    {
        if (Network is not null) return Network.Forward(batch.Images, batch.Count, training: false);
        var logits = _logits.AsSpan(0, batch.Count * _classes);
        _session!.Run(batch.Images.AsSpan(0, batch.Count * (int)_plan!.Input.Count), batch.Count, logits);
        return logits;
    }
}
