using System.Globalization;

namespace Dst.Report;

/// <summary>The side of its column at which a cell stands.</summary>
public enum Alignment
{
    /// <summary>For numbers, so that their digits line up.</summary>
    Right,

    /// <summary>For names and words.</summary>
    Left,
}

/// <summary>One column of a table.</summary>
/// <param name="Name">Its name for programs: words in snake_case, as in JSON.</param>
/// <param name="Header">Its name for people, without the unit.</param>
public abstract record Column(string Name, string Header)
{
    /// <summary>Unit of the values, or null where they have none or the header is the unit.</summary>
    public string? Unit { get; init; }

    /// <summary>The side at which the cells stand.</summary>
    public Alignment Alignment { get; init; }

    /// <summary>What the column holds, for the legend below the table, or null where the header says enough.</summary>
    public string? Meaning { get; init; }

    /// <summary>The header with its unit.</summary>
    public string Title => Unit is null ? Header : $"{Header}, {Unit}";
}

/// <summary>One column of a table whose rows are records of the type <typeparamref name="T"/>.</summary>
/// <param name="Name">Its name for programs: words in snake_case, as in JSON.</param>
/// <param name="Header">Its name for people, without the unit.</param>
/// <param name="Value">The value of a row, null where it has none.</param>
/// <param name="Text">How the value is written for people, or null for the usual way.</param>
public sealed record Column<T>(string Name, string Header, Func<T, object?> Value, Func<T, string>? Text = null) : Column(Name, Header)
{
    /// <summary>The cell of a row.</summary>
    public Cell CellOf(T row) => Value(row) is { } value
        ? new(value, Text is null ? Convert.ToString(value, CultureInfo.InvariantCulture)! : Text(row))
        : Cell.Empty;
}

/// <summary>One cell of a table.</summary>
/// <param name="Value">The value for programs, or null.</param>
/// <param name="Text">The value for people.</param>
public readonly record struct Cell(object? Value, string Text)
{
    /// <summary>The cell of a row that has no value in this column.</summary>
    public static Cell Empty { get; } = new(null, "-");
}
