using System.Buffers;
using Dst.Foundations;

namespace Dst.Images;

/// <content>How an image is read: from a file, or from the bytes of one.</content>
public sealed partial class Image
{
    private const int BytesOfRead = 1 << 16;
    private const string Nameless = "the image";

    /// <summary>Reads an image file. The first bytes tell the format; docs/data.md lists them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxPixels">An image of more pixels is refused before memory is taken for them.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPixels"/> is below 1.</exception>
    /// <exception cref="InputException">
    /// The file is missing, unreadable, empty, corrupt, truncated, too large or of another format.
    /// </exception>
    public static Image Read(string path, long maxPixels = MaxPixels) => ImageFile.Read(path, maxPixels);

    /// <summary>Decodes an image file that is in memory.</summary>
    /// <param name="file">The content.</param>
    /// <param name="maxPixels">An image of more pixels is refused before memory is taken for them.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPixels"/> is below 1.</exception>
    /// <exception cref="InputException">The content is empty, corrupt, truncated, too large or of another format.</exception>
    public static Image Decode(ReadOnlySpan<byte> file, long maxPixels = MaxPixels) =>
        ImageFile.Decode(Nameless, file.ToArray(), maxPixels);

    /// <summary>Decodes an image file from a stream, which is read to its end and stays open.</summary>
    /// <param name="file">The stream.</param>
    /// <param name="maxPixels">An image of more pixels is refused before memory is taken for them.</param>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPixels"/> is below 1.</exception>
    /// <exception cref="InputException">The content is empty, corrupt, truncated, too large or of another format.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Image Decode(Stream file, long maxPixels = MaxPixels)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var copy = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(BytesOfRead);
        for (int read; (read = file.Read(buffer)) > 0;) Append(copy, buffer.AsSpan(0, read));
        ArrayPool<byte>.Shared.Return(buffer);
        return ImageFile.Decode(Nameless, copy.ToArray(), maxPixels);
    }

    /// <summary>
    /// As <see cref="Decode(Stream, long)"/>, for streams that refuse to be read synchronously, such as the body of a web request.
    /// </summary>
    /// <param name="file">The stream.</param>
    /// <param name="maxPixels">An image of more pixels is refused before memory is taken for them.</param>
    /// <param name="cancellation">Ends the reading of the stream.</param>
    /// <inheritdoc cref="Decode(Stream, long)"/>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<Image> DecodeAsync(
        Stream file, long maxPixels = MaxPixels, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var copy = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(BytesOfRead);
        for (int read; (read = await file.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            Append(copy, buffer.AsSpan(0, read));
        ArrayPool<byte>.Shared.Return(buffer);
        return ImageFile.Decode(Nameless, copy.ToArray(), maxPixels);
    }

    /// <summary>Rows and columns of an image file, without decoding it. Its orientation is applied.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="InputException">The file is missing or unreadable, its header is corrupt, or its size is too large.</exception>
    public static (int Height, int Width) Measure(string path) => ImageFile.MeasureSides(path);

    /// <summary>Rows and columns of an image file that is in memory, without decoding it. Its orientation is applied.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static (int Height, int Width) Measure(ReadOnlySpan<byte> file) => ImageFile.MeasureSides(Nameless, file.ToArray());

    private static void Append(MemoryStream copy, ReadOnlySpan<byte> bytes)
    {
        copy.Write(bytes);
        if (copy.Length > InputFile.MaxBytes)
            throw new InputException($"{Nameless} has more than {InputFile.MaxBytes} bytes; at most so many are read");
    }
}
