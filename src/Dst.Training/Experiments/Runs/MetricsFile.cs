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

    /// <summary>Reads all rows; a last line without its newline is torn, and no row.</summary>
    /// <exception cref="InputException">The header is missing, or a line is not a row.</exception>
    public IReadOnlyList<EpochMetrics> Read() => MetricsTable.Parse(_stream.Name, ReadLines());

    /// <summary>Removes rows that are not to be kept, and a torn last one.</summary>
    /// <returns>The rows that were not to be kept.</returns>
    /// <exception cref="InputException">As <see cref="Read"/>; nothing is removed.</exception>
    public IReadOnlyList<EpochMetrics> Trim(Func<EpochMetrics, bool> isKept)
    {
        var lines = ReadLines();
        var rows = lines.Length > 0 ? MetricsTable.Parse(_stream.Name, lines) : [];
        var unchanged = rows.TakeWhile(isKept).Count();
        _stream.SetLength(lines.Take(1 + unchanged).Sum(line => line.Length + 1));
        _stream.Position = _stream.Length;
        if (lines.Length == 0) Begin();
        foreach (var row in rows.Skip(unchanged).Where(isKept)) Add(row);
        return [.. rows.Where(row => !isKept(row))];
    }

    /// <summary>Sorts the rows by a number; equal ones keep their order.</summary>
    public void Sort(Func<EpochMetrics, int> place)
    {
        var rows = Read();
        _stream.Position = 0;
        Write(string.Join('\n', rows.OrderBy(place).Select(MetricsTable.Format).Prepend(MetricsTable.Header)));
        _stream.SetLength(_stream.Position); // a file that an editor saved may have been longer
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private string[] ReadLines()
    {
        _stream.Position = 0;
        // A character for each byte, so that a line is as long as in the file.
        using var reader = new StreamReader(_stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        return MetricsTable.LinesOf(reader.ReadToEnd());
    }

    private void Write(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush(flushToDisk: true);
    }
}
