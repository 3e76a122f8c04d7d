using System.Runtime.InteropServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Memory for the kernels of sixteen channels or filters, [Kh, Kw, 16], and their spectra.</summary>
internal readonly unsafe ref struct KernelSpectrum
{
    private readonly TileSpectrum _transform;
    private readonly int _height;
    private readonly int _width;
    private readonly float* _taps;
    private readonly float* _spectrum;
    private readonly float* _scratch;

    /// <summary>Takes memory for kernels of a size, and clears their taps.</summary>
    public KernelSpectrum(TileSpectrum transform, int height, int width)
    {
        (_transform, _height, _width) = (transform, height, width);
        var spectrum = transform.Groups * ComplexProduct.TilePitch;
        _taps = (float*)NativeMemory.AlignedAlloc(
            sizeof(float) * (nuint)(Area * Layout.Block + spectrum + transform.ScratchLength), Layout.Block * sizeof(float));
        _spectrum = _taps + Area * Layout.Block;
        _scratch = _spectrum + spectrum;
        Clear();
    }

    private int Area => _height * _width;

    private TileWindow Window => TileWindow.Of(_taps, _height, _width, 0, 0, _transform.Size, _transform.Size);

    public void Dispose() => NativeMemory.AlignedFree(_taps);

    public void Clear() => new Span<float>(_taps, Area * Layout.Block).Clear();

    /// <summary>Takes the kernels of some lanes, some floats apart; the others stay as they are.</summary>
    public void Gather(float* kernels, int lanes, nint pitch)
    {
        for (var lane = 0; lane < lanes; lane++) GatherLane(kernels + lane * pitch, lane);
    }

    /// <summary>Takes one kernel.</summary>
    public void GatherLane(float* kernel, int lane)
    {
        for (var tap = 0; tap < Area; tap++) _taps[tap * Layout.Block + lane] = kernel[tap];
    }

    /// <summary>Gives some taps of the kernels of some lanes.</summary>
    public void Scatter(IEnumerable<int> taps, float* kernels, int lanes, nint pitch)
    {
        foreach (var tap in taps)
            for (var lane = 0; lane < lanes; lane++) kernels[lane * pitch + tap] = _taps[tap * Layout.Block + lane];
    }

    /// <summary>s·F of the kernels, or its conjugate: real and imaginary parts of each frequency.</summary>
    /// <param name="spectrum">First frequency.</param>
    /// <param name="pitch">Floats from one frequency to the next.</param>
    /// <param name="conjugate">Whether to take the conjugate.</param>
    public void Transform<T>(float* spectrum, nint pitch, bool conjugate) where T : unmanaged, ILanes<T>
    {
        _transform.Transform<T>(Window, _spectrum, ComplexProduct.TilePitch, _scratch);
        for (var f = 0; f < _transform.Frequencies; f++)
        {
            var scale = _transform.ScaleOf(f);
            float* from = _spectrum + f * ComplexProduct.Parts, to = spectrum + f * pitch;
            T.Store(to, T.Multiply(T.Broadcast(scale), T.Load(from)));
            T.Store(to + Layout.Block, T.Multiply(T.Broadcast(conjugate ? -scale : scale), T.Load(from + Layout.Block)));
        }
    }

    /// <summary>The kernels become Fᵀ of a spectrum times s.</summary>
    /// <param name="spectrum">First frequency.</param>
    /// <param name="pitch">Floats from one frequency to the next.</param>
    public void TransformBack<T>(float* spectrum, nint pitch) where T : unmanaged, ILanes<T>
    {
        for (var f = 0; f < _transform.Frequencies; f++)
        {
            var scale = T.Broadcast(_transform.ScaleOf(f));
            float* from = spectrum + f * pitch, to = _spectrum + f * ComplexProduct.Parts;
            T.Store(to, T.Multiply(scale, T.Load(from)));
            T.Store(to + Layout.Block, T.Multiply(scale, T.Load(from + Layout.Block)));
        }

        _transform.Transpose<T>(_spectrum, ComplexProduct.TilePitch, Window, accumulate: false, _scratch);
    }
}
