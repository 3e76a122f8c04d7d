using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>Sums in double, one array for each part of a job, added in the order of the parts.</summary>
internal sealed class PartSums(int length)
{
    private readonly double[] _sums = new double[WorkerPool.Parts * length];
    private readonly double[] _total = new double[length];

    /// <summary>The total of the last <see cref="Combine"/>.</summary>
    public ReadOnlySpan<double> Total => _total;

    /// <summary>A part's array.</summary>
    public Span<double> Of(int part) => _sums.AsSpan(part * length, length);

    /// <summary>Sets a part's array to zero.</summary>
    public void Clear(int part) => Of(part).Clear();

    /// <summary>Adds up the parts.</summary>
    public ReadOnlySpan<double> Combine()
    {
        Array.Clear(_total);
        for (var i = 0; i < _sums.Length; i++) _total[i % length] += _sums[i];
        return _total;
    }
}
