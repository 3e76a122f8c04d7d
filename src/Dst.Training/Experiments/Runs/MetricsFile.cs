using System.Text;
using Dst.Training.Engine;

namespace Dst.Training.Experiments.Runs;

/// <summary>The open <c>metrics.csv</c> of a run. A row is on the disk when the call that adds it returns.</summary>
internal sealed class MetricsFile : IDisposable
{
    private readonly FileStream _stream;

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public MetricsFile(string path, FileMode mode)
    {
        // Without a buffer, or disposal would repeat a write that failed.
        _stream = new(path, mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
    }

    /// <summary>Whether an epoch was added.</summary>
    public bool HasRows => _stream.Length > MetricsTable.Header.Length + 1;

    /// <summary>Begins an empty file.</summary>
    public void Begin() => Write(MetricsTable.Header);

    /// <summary>Adds a row.</summary>
    public void Add(EpochMetrics row) => Write(MetricsTable.Format(row));

    /// <summary>Cuts the file before the first row that is torn or is not to be kept.</summary>
    public void Trim(Func<EpochMetrics, bool> isKept)
    {
        _stream.Position = 0;
        using var reader = new StreamReader(_stream, leaveOpen: true);
        var lines = reader.ReadToEnd().Split('\n')[..^1]; // what follows the last newline is torn
        var kept = lines.TakeWhile(
            (line, i) => i == 0 ? line == MetricsTable.Header : MetricsTable.TryParse(line, out var row) && isKept(row)).ToList();
        _stream.SetLength(kept.Sum(line => line.Length + 1));
        _stream.Position = _stream.Length;
        if (kept.Count == 0) Begin();
    }

    /// <summary>Sorts the rows by a number; equal ones keep their order.</summary>
    public void Sort(Func<EpochMetrics, int> place)
    {
        _stream.Position = 0;
        using var reader = new StreamReader(_stream, leaveOpen: true);
        var rows = reader.ReadToEnd().Split('\n')[1..^1]
            .Select(line => MetricsTable.TryParse(line, out var row) ? row : null).OfType<EpochMetrics>();
        var text = string.Join('\n', rows.OrderBy(place).Select(MetricsTable.Format).Prepend(MetricsTable.Header));
        _stream.Position = 0; // the new text is as long as the old one
        Write(text);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void Write(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush(flushToDisk: true);
    }
}
