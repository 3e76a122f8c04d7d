using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Cli.Bench;

/// <summary>Work that keeps all cores but one busy, as another program would, until it is disposed.</summary>
internal sealed class BusyCores : IDisposable
{
    private const int Rounds = 10_000;

    private readonly Thread[] _threads;
    private volatile bool _stopping;

    public BusyCores(SimdTier tier)
    {
        _threads = new Thread[Environment.ProcessorCount - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(() =>
            {
                while (!_stopping) FmaProbe.Run(tier, Rounds);
            })
            { IsBackground = true, Name = $"dst load {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of cores that are busy.</summary>
    public int Count => _threads.Length;

    public void Dispose()
    {
        _stopping = true;
        foreach (var thread in _threads) thread.Join();
    }
}
