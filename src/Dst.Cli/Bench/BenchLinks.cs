using System.Collections.Concurrent;
using System.Diagnostics;
using Dst.Training.Ranks;

namespace Dst.Cli.Bench;

/// <summary>Rank 0 of ranks that do not exist: messages cost nothing and bring nothing, so that computing alone is measured.</summary>
internal sealed unsafe class SilentLink(int count) : IRankLink, IRankExchange
{
    public int Rank => 0;

    public int Count => count;

    public IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength) => this;

    public bool HasEnded() => true;
}

/// <summary>Two ranks in this process, and between them a line of some speed and latency in each direction.</summary>
/// <param name="rank">This rank.</param>
/// <param name="lines">The lines to rank 0 and to rank 1.</param>
internal sealed unsafe class DelayedLink(int rank, DelayedLine[] lines) : IRankLink
{
    public int Rank => rank;

    public int Count => lines.Length;

    public IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength)
    {
        lines[partner].Send(channel, new ReadOnlySpan<byte>(send, sendLength).ToArray());
        return new Exchange(lines[rank], channel, receive);
    }

    private sealed class Exchange(DelayedLine line, int channel, byte* receive) : IRankExchange
    {
        private bool _hasEnded;

        public bool HasEnded()
        {
            if (_hasEnded || !line.TryReceive(channel, out var bytes)) return _hasEnded;
            bytes.CopyTo(new Span<byte>(receive, bytes.Length));
            return _hasEnded = true;
        }
    }
}

/// <summary>A line to a rank: one message after another, each as long on its way as its bytes and the latency take.</summary>
/// <param name="bytesPerSecond">Speed.</param>
/// <param name="latency">Seconds.</param>
internal sealed class DelayedLine(double bytesPerSecond, double latency)
{
    private readonly ConcurrentDictionary<int, ConcurrentQueue<(long Arrives, byte[] Bytes)>> _channels = [];
    private long _free;

    /// <summary>Puts a message on the line. One thread sends.</summary>
    public void Send(int channel, byte[] bytes)
    {
        _free = Math.Max(_free, Stopwatch.GetTimestamp()) + Ticks(bytes.Length / bytesPerSecond);
        _channels.GetOrAdd(channel, _ => []).Enqueue((_free + Ticks(latency), bytes));
    }

    /// <summary>Takes the next message of a channel if it has arrived.</summary>
    public bool TryReceive(int channel, out byte[] bytes)
    {
        bytes = [];
        var queue = _channels.GetOrAdd(channel, _ => []);
        if (!queue.TryPeek(out var first) || first.Arrives > Stopwatch.GetTimestamp()) return false;
        bytes = first.Bytes;
        return queue.TryDequeue(out _);
    }

    private static long Ticks(double seconds) => (long)(seconds * Stopwatch.Frequency);
}
