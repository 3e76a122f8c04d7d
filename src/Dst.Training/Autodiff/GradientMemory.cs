using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>Place of one or more features' gradients in the memory that <see cref="GradientMemory"/> plans.</summary>
internal sealed unsafe class GradientSlot(int imageLength)
{
    private AlignedBuffer? _buffer;

    /// <summary>Floats of one image.</summary>
    public int ImageLength => imageLength;

    /// <summary>The first image's gradient.</summary>
    public float* Pointer => _buffer!.Pointer;

    public void Place(AlignedBuffer buffer) => _buffer = buffer;
}

/// <summary>
/// Memory of all gradients, planned once. A gradient lives from its first writer, the feature's last reader, to the node that reads it
/// last. Then the next gradient of the backward pass that fits takes its memory.
/// </summary>
internal sealed class GradientMemory : IDisposable
{
    private readonly List<AlignedBuffer> _buffers = [];

    /// <summary>Places the gradients of all features.</summary>
    /// <param name="features">All features that have a gradient of their own or share one.</param>
    /// <param name="nodes">In the order of the forward pass.</param>
    /// <param name="maxBatch">Largest batch.</param>
    public GradientMemory(IEnumerable<Feature> features, IReadOnlyList<TrainingNode> nodes, int maxBatch)
    {
        var index = nodes.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
        var lives = features.GroupBy(feature => feature.GradientSlot).Select(slot => (
            Slot: slot.Key,
            Start: slot.Max(feature => feature.IsExposed || feature.Readers.Count == 0 ? nodes.Count : index[feature.Readers[^1]]),
            End: slot.Min(feature => feature.GradientReader is null ? 0 : index[feature.GradientReader])));
        var inUse = new List<(AlignedBuffer Buffer, int End)>();
        var free = new List<AlignedBuffer>();
        foreach (var (slot, start, end) in lives.OrderByDescending(life => life.Start))
        {
            foreach (var ended in inUse.Where(other => other.End > start).ToList())
            {
                inUse.Remove(ended);
                free.Add(ended.Buffer);
            }

            var buffer = Take(free, (long)maxBatch * slot.ImageLength);
            slot.Place(buffer);
            inUse.Add((buffer, end));
        }
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers) buffer.Dispose();
    }

    /// <summary>The smallest free buffer that is long enough, or a new one.</summary>
    private AlignedBuffer Take(List<AlignedBuffer> free, long length)
    {
        var found = free.Where(buffer => buffer.Length >= length).MinBy(buffer => buffer.Length);
        if (found is not null)
        {
            free.Remove(found);
            return found;
        }

        _buffers.Add(new AlignedBuffer(length));
        return _buffers[^1];
    }
}
