using Dst.Foundations;
using Dst.Images.Decoding;

namespace Dst.Images;

/// <summary>Pictures of one size in rows and columns with grey lines between them. What exceeds the largest image is left out.</summary>
/// <example>
/// <code>
/// var grid = new PictureGrid(channels: 1, height: 28, width: 28, rows: 1, columns: 2);
/// grid.Draw(row: 0, column: 1, new float[28 * 28], black: 0, white: 1);
/// grid.Write("grid.png");
/// </code>
/// </example>
public sealed class PictureGrid
{
    private const int Line = 1;
    private const byte Grey = 128;

    private readonly int _channels;
    private readonly int _height;
    private readonly int _width;
    private readonly int _gridWidth;
    private readonly int _gridHeight;
    private readonly byte[] _pixels;

    /// <summary>An empty grid.</summary>
    /// <param name="channels">Channels of a picture: three are drawn as RGB, of any other number the first as grey.</param>
    /// <param name="height">Rows of a picture.</param>
    /// <param name="width">Columns of a picture.</param>
    /// <param name="rows">Rows of pictures, at least 1.</param>
    /// <param name="columns">Columns of pictures, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of rows or columns of pictures is below 1.</exception>
    public PictureGrid(int channels, int height, int width, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        (_channels, _height, _width) = (channels == 3 ? 3 : 1, height, width);
        Columns = Math.Clamp((Image.MaxSide - Line) / (width + Line), 1, columns);
        _gridWidth = Columns * (width + Line) + Line;
        Rows = (int)Math.Clamp((Math.Min(Image.MaxSide, Image.MaxPixels / _gridWidth) - Line) / (height + Line), 1, rows);
        _gridHeight = Rows * (height + Line) + Line;
        _pixels = new byte[_gridHeight * _gridWidth * _channels];
        _pixels.AsSpan().Fill(Grey);
    }

    /// <summary>Rows that there is room for.</summary>
    public int Rows { get; }

    /// <summary>Columns that there is room for.</summary>
    public int Columns { get; }

    /// <summary>Draws a picture, linearly from <paramref name="black"/> to <paramref name="white"/>.</summary>
    /// <param name="row">Its row, below <see cref="Rows"/>.</param>
    /// <param name="column">Its column, below <see cref="Columns"/>.</param>
    /// <param name="values">[C, H, W].</param>
    /// <param name="black">The value of black; what is lower is black too.</param>
    /// <param name="white">The value of white.</param>
    public void Draw(int row, int column, ReadOnlySpan<float> values, float black, float white)
    {
        var scale = white > black ? 255 / (white - black) : 0;
        int top = Line + row * (_height + Line), left = Line + column * (_width + Line);
        for (var i = 0; i < _channels * _height * _width; i++)
        {
            var (c, y, x) = (i / (_height * _width), i / _width % _height, i % _width);
            var level = Math.Clamp((values[i] - black) * scale + 0.5f, 0, 255);
            _pixels[((top + y) * _gridWidth + left + x) * _channels + c] = (byte)level;
        }
    }

    /// <summary>Writes a PNG.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void Write(string path)
    {
        var file = PngFile.Encode(_channels, _gridHeight, _gridWidth, _pixels);
        AtomicFile.Write(path, stream => stream.Write(file));
    }
}
