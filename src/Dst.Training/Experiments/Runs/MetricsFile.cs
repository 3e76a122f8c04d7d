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

    /// <summary>Removes rows that are not to be kept, and all from the first that is torn.</summary>
    /// <returns>The rows that were not to be kept.</returns>
    public IReadOnlyList<EpochMetrics> Trim(Func<EpochMetrics, bool> isKept)
    {
        var lines = ReadLines();
        var isWhole = lines is [MetricsTable.Header, ..];
        EpochMetrics[] rows = isWhole ? [.. RowsOf(lines)] : [];
        var unchanged = rows.TakeWhile(isKept).Count();
        _stream.SetLength(isWhole ? lines.Take(1 + unchanged).Sum(line => line.Length + 1) : 0);
        _stream.Position = _stream.Length;
        if (!isWhole) Begin();
        foreach (var row in rows.Skip(unchanged).Where(isKept)) Add(row);
        return [.. rows.Where(row => !isKept(row))];
    }

    /// <summary>Sorts the rows by a number; equal ones keep their order.</summary>
    public void Sort(Func<EpochMetrics, int> place)
    {
        var text = string.Join('\n', RowsOf(ReadLines()).OrderBy(place).Select(MetricsTable.Format).Prepend(MetricsTable.Header));
        _stream.Position = 0; // the new text is as long as the old one
        Write(text);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private string[] ReadLines()
    {
        _stream.Position = 0;
        using var reader = new StreamReader(_stream, leaveOpen: true);
        return reader.ReadToEnd().Split('\n')[..^1]; // what follows the last newline is torn
    }

    private static IEnumerable<EpochMetrics> RowsOf(string[] lines) => lines.Skip(1)
        .Select(line => MetricsTable.TryParse(line, out var row) ? row : null).TakeWhile(row => row is not null).OfType<EpochMetrics>();

    private void Write(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush(flushToDisk: true);
    }
}
