using Dst.Graph;

namespace Dst.Interop.CSource;

/// <summary>
/// The C function that makes a network's input of a camera's frame: what <see cref="InputNormalisation"/> says, from the resize on, as the
/// runtime does it with an image of 8 bits.
/// </summary>
internal static class CPreparation
{
    private const string Luma = """
            if (f->channels == 3) {
                const int red = $sample(f, row, column, 0), green = $sample(f, row, column, 1), blue = $sample(f, row, column, 2);
                return (299 * red + 587 * green + 114 * blue + 500) / 1000;
            }

        """;

    private const string Whole = "    const int rows = height, columns = width;\n";

    /// <summary>The channels that a frame may have, in words.</summary>
    /// <param name="channels">Channels of the network's input.</param>
    public static string DescribeChannels(int channels) => channels is 1 or 3
        ? "channels is 1, or 3: red, green, blue"
        : Invariant($"channels is {channels}, the bands of the training images");

    /// <summary>The function, and <c>normalise</c> with the statements given. Prefixes stay marked.</summary>
    /// <param name="input">The model's normalisation.</param>
    /// <param name="shape">Shape of an image.</param>
    /// <param name="normalisation">Statements of <c>normalise</c>.</param>
    public static string Write(InputNormalisation input, FeatureShape shape, string normalisation)
    {
        var isResized = !input.Resize.IsNone;
        return (input.Smooth ? Templates.Read("smooth.c") : "")
            + Templates.Read("normalise.c", ("STATEMENTS", normalisation))
            + Templates.Read(
                "prepare.c",
                ("SAMPLE", isResized ? ResizeFunctions(input.Fit) : Templates.Read("sample.c")),
                ("SIZE", isResized ? Resize(input) : Whole),
                ("LUMA", shape.Channels == 1 ? Luma : ""),
                ("TAKES", shape.Channels is 1 or 3 ? "channels == 1 || channels == 3" : Invariant($"channels == {shape.Channels}")));
    }

    private static string ResizeFunctions(ResizeFit fit) =>
        Templates.Read("resize.c") + (fit == ResizeFit.Stretch ? "" : Templates.Read("other_side.c"));

    /// <summary>Sets the size of the resized frame, and the rows and columns about its centre that are kept.</summary>
    private static string Resize(InputNormalisation input)
    {
        var (rows, columns) = (input.Resize.Height, input.Resize.Width);
        return Size(input.Fit, rows, columns) + $$"""
                const int rows = f.rows < {{rows}} ? f.rows : {{rows}}, columns = f.columns < {{columns}} ? f.columns : {{columns}};
                if (f.rows != height || f.columns != width || rows != height || columns != width) f.full = 65535;

            """;
    }

    private static string Size(ResizeFit fit, int rows, int columns)
    {
        if (fit == ResizeFit.Stretch) return $"    f.rows = {rows};\n    f.columns = {columns};\n";
        var comparison = fit == ResizeFit.Crop ? ">=" : "<=";
        return $"""
                if ((int64_t){rows} * width {comparison} (int64_t){columns} * height) {"{"}
                    f.rows = {rows};
                    f.columns = $other_side({rows}, height, width);
                {"}"} else {"{"}
                    f.rows = $other_side({columns}, width, height);
                    f.columns = {columns};
                {"}"}

            """;
    }
}
