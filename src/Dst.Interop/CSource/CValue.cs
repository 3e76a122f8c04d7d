using System.Globalization;
using Dst.Graph;

namespace Dst.Interop.CSource;

/// <summary>A value of the network as the C source keeps it: a map in the order row, column, channel with a border of zeros.</summary>
/// <param name="Shape">Channels, height and width.</param>
/// <param name="Border">Rows and columns of zeros on each side.</param>
internal sealed record CValue(FeatureShape Shape, int Border)
{
    /// <summary>The caller's array, as a C expression, if the value lies there; else null.</summary>
    public string? Argument { get; init; }

    /// <summary>Floats from one row to the next.</summary>
    public int Pitch => (Shape.Width + 2 * Border) * Shape.Channels;

    /// <summary>Floats of the arena that it takes.</summary>
    public long Length => Argument is null ? (long)(Shape.Height + 2 * Border) * Pitch : 0;

    /// <summary>Name of the constant that describes the map.</summary>
    public string MapName => $"map_{Shape}{(Border > 0 ? $"_border{Border}" : "")}";

    /// <summary>The map as a C initialiser.</summary>
    public string MapFields =>
        string.Create(CultureInfo.InvariantCulture, $"{{{Shape.Height}, {Shape.Width}, {Shape.Channels}, {Border}, {Pitch}}}");

    /// <summary>First value inside of the border, counted from the beginning of the place.</summary>
    public long FirstInside => (long)Border * (Pitch + Shape.Channels);
}
