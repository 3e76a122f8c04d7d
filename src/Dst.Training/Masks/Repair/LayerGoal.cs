using System.Runtime.Intrinsics;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// What a layer of the halved network should give, so that the end of its path agrees with the dense network:
/// <code>
/// p = s·z + r        z the layer's output, p the value at the end, d that of the dense network there
/// z should be (d − r)/s
/// </code>
/// Where a ReLU follows and d is not positive, no value below 0 is an error: there z should be (min(p, 0) − r)/s, p of the present weights.
/// </summary>
internal sealed unsafe class LayerGoal : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly AlignedBuffer _dense;
    private readonly AlignedBuffer _rest; // r
    private readonly float[] _scale; // s, 0 in lanes of no channel
    private readonly float[] _inverse; // 1/s, or 0 where s is 0
    private readonly int _pixels;

    /// <summary>Computes the targets of a layer.</summary>
    /// <param name="path">What follows the layer.</param>
    /// <param name="shape">Shape of the layer's output.</param>
    /// <param name="dense">The dense network; the end of the path lives.</param>
    /// <param name="halved">The halved network; what is added on the path lives.</param>
    /// <param name="parameters">Gives a parameter of the halved network by its name.</param>
    /// <param name="pool">Threads.</param>
    public LayerGoal(
        LinearPath path, FeatureShape shape, NetworkWalk dense, NetworkWalk halved, Func<string, float[]> parameters, WorkerPool pool)
    {
        (_pool, _dense, _pixels) = (pool, dense[path.End], shape.Pixels);
        _scale = new float[Layout.PaddedChannels(shape.Channels)];
        _scale.AsSpan(0, shape.Channels).Fill(1);
        _rest = new(_dense.Length);
        var previous = path.Layer.Name;
        foreach (var step in path.Steps)
        {
            if (step.Operation.ScalesChannels) AddScale(step, parameters);
            foreach (var other in step.Inputs.Where(name => name != previous)) AddFeature(halved[other].Pointer);
            previous = step.Name;
        }

        _inverse = Array.ConvertAll(_scale, s => s == 0 ? 0 : 1 / s);
        Targets = new(_dense.Length);
        ForEach((at, channel) => ((Load(_dense, at) - Load(_rest, at)) * Of(_inverse, channel)).Store(Targets.Pointer + at));
    }

    /// <summary>s of each channel.</summary>
    public ReadOnlySpan<float> Scale => _scale;

    /// <summary>What z should be, [N, C/16, H, W, 16].</summary>
    public AlignedBuffer Targets { get; }

    /// <summary>Sets the targets where a ReLU makes other values as good.</summary>
    /// <param name="output">z of the present weights.</param>
    public void Rectify(AlignedBuffer output) => ForEach((at, channel) =>
    {
        var (dense, rest) = (Load(_dense, at), Load(_rest, at));
        var p = Of(_scale, channel) * Load(output, at) + rest;
        var target = (Vector512.Min(p, Vector512<float>.Zero) - rest) * Of(_inverse, channel);
        Vector512.ConditionalSelect(Vector512.GreaterThan(dense, Vector512<float>.Zero), Load(Targets, at), target)
            .Store(Targets.Pointer + at);
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _rest.Dispose();
        Targets.Dispose();
    }

    private static Vector512<float> Load(AlignedBuffer feature, long at) => Vector512.Load(feature.Pointer + at);

    private static Vector512<float> Of(float[] values, int channel) => Vector512.LoadUnsafe(ref values[channel]);

    private void AddScale(Node step, Func<string, float[]> parameters)
    {
        var folded = step.Operation.FoldChannels(suffix => parameters($"{step.Name}.{suffix}"));
        var (scale, shift) = (Layout.Padded(folded.Scale), Layout.Padded(folded.Shift));
        for (var c = 0; c < scale.Length; c++) _scale[c] *= scale[c];
        ForEach((at, channel) => (Of(scale, channel) * Load(_rest, at) + Of(shift, channel)).Store(_rest.Pointer + at));
    }

    private void AddFeature(float* feature) =>
        ForEach((at, _) => (Load(_rest, at) + Vector512.Load(feature + at)).Store(_rest.Pointer + at));

    /// <summary>Calls an action for each sixteen channels of each pixel: their place, and the first of them.</summary>
    private void ForEach(Action<long, int> action)
    {
        var groups = _dense.Length / Layout.Block;
        _pool.Run(WorkerPool.Parts, part =>
        {
            for (var i = groups * part / WorkerPool.Parts; i < groups * (part + 1) / WorkerPool.Parts; i++)
                action(i * Layout.Block, (int)(i / _pixels % (_scale.Length / Layout.Block)) * Layout.Block);
        });
    }
}
