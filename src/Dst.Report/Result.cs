namespace Dst.Report;

/// <summary>What a verb found: as data for programs, and as blocks for people. A renderer turns it into text.</summary>
/// <param name="Data">The records behind the blocks; a JSON document is made of their properties.</param>
/// <param name="Blocks">Tables and lines in the order in which they are read.</param>
public sealed record Result(object Data, params IReadOnlyList<Block> Blocks);

/// <summary>A part of a result, with a gap before the next one.</summary>
public abstract record Block;

/// <summary>A heading.</summary>
/// <param name="Text">One line.</param>
public sealed record Heading(string Text) : Block;

/// <summary>Lines of text.</summary>
/// <param name="Text">The lines.</param>
public sealed record Lines(params IReadOnlyList<string> Text) : Block;

/// <summary>A table of typed cells.</summary>
public sealed record Table : Block
{
    private Table(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<Cell>> rows) => (Columns, Rows) = (columns, rows);

    /// <summary>The line above the table, or null.</summary>
    public string? Title { get; init; }

    /// <summary>The columns.</summary>
    public IReadOnlyList<Column> Columns { get; }

    /// <summary>The rows, each with a cell for each column.</summary>
    public IReadOnlyList<IReadOnlyList<Cell>> Rows { get; }

    /// <summary>What the columns hold, where a header alone does not say it; empty where every header does.</summary>
    public string Legend =>
        string.Join("; ", Columns.Where(column => column.Meaning is not null).Select(column => $"{column.Header}: {column.Meaning}"));

    /// <summary>A table with a row for each record.</summary>
    public static Table Of<T>(IEnumerable<T> records, params IReadOnlyList<Column<T>> columns) =>
        new(columns, [.. records.Select(record => columns.Select(column => column.CellOf(record)).ToList())]);
}
