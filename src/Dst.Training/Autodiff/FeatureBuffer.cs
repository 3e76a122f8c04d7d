using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>A node's output for a batch, blocked [N, C/16, H, W, 16], and the loss's gradient with respect to it.</summary>
internal sealed unsafe class FeatureBuffer : IDisposable
{
    private readonly AlignedBuffer _value;
    private readonly AlignedBuffer? _gradient;

    public FeatureBuffer(FeatureShape shape, int maxBatch, bool needsGradient)
    {
        Shape = shape;
        ImageLength = checked((int)Layout.ImageLength(shape.Channels, shape.Height * shape.Width));
        _value = new AlignedBuffer((long)maxBatch * ImageLength);
        _gradient = needsGradient ? new AlignedBuffer((long)maxBatch * ImageLength) : null;
    }

    public FeatureShape Shape { get; }

    /// <summary>H · W.</summary>
    public int Pixels => Shape.Height * Shape.Width;

    /// <summary>Floats of one image.</summary>
    public int ImageLength { get; }

    /// <summary>Whether a gradient is wanted: not for the network's input.</summary>
    public bool NeedsGradient => _gradient is not null;

    /// <summary>Whether a consumer has written the gradient in this backward pass; a later one adds to it.</summary>
    public bool GradientWritten { get; set; }

    /// <summary>Values of image <paramref name="image"/> and those after it.</summary>
    public float* Value(int image) => _value.Pointer + (long)image * ImageLength;

    /// <summary>Gradients of image <paramref name="image"/> and those after it.</summary>
    public float* Gradient(int image) => _gradient!.Pointer + (long)image * ImageLength;

    /// <inheritdoc/>
    public void Dispose()
    {
        _value.Dispose();
        _gradient?.Dispose();
    }
}
