using System.Globalization;
using Dst.Graph;

namespace Dst.Interop.CSource;

/// <summary>A value of the network in the C source: a map in the order row, column, channel with a border of zeros.</summary>
/// <param name="Shape">Channels, height and width.</param>
/// <param name="Border">Rows and columns of zeros on each side.</param>
/// <param name="Zero">The byte that stands for 0; null of floats.</param>
internal sealed record CValue(FeatureShape Shape, int Border, byte? Zero)
{
    /// <summary>The caller's array as a C expression, if the value lies there; else null.</summary>
    public string? Argument { get; init; }

    /// <summary>Whether it is the caller's input as it is, in the order channel, row, column.</summary>
    public bool IsPlanes { get; init; }

    /// <summary>Elements from one row to the next.</summary>
    public int Pitch => (Shape.Width + 2 * Border) * Shape.Channels;

    /// <summary>Floats that it takes in the arena.</summary>
    public long Length => Argument is not null ? 0 : Zero is null ? Elements : (Elements + sizeof(float) - 1) / sizeof(float);

    /// <summary>Name of the constant that describes the map.</summary>
    public string MapName => $"map_{Shape}{(Border > 0 ? $"_border{Border}" : "")}";

    /// <summary>The map as a C initialiser.</summary>
    public string MapFields =>
        string.Create(CultureInfo.InvariantCulture, $"{{{Shape.Height}, {Shape.Width}, {Shape.Channels}, {Border}, {Pitch}}}");

    /// <summary>Offset of the first value inside the border.</summary>
    public long FirstInside => (long)Border * (Pitch + Shape.Channels);

    private long Elements => (long)(Shape.Height + 2 * Border) * Pitch;

    /// <summary>A map of some of its rows, with the same pitch.</summary>
    public CValue Rows(int count) => this with { Shape = Shape with { Height = count } };
}
