using System.Text;

namespace Dst.Foundations;

/// <summary>Opens and reads the user's files. An error is one sentence that names the file.</summary>
public static class InputFile
{
    /// <summary>Largest file that is read into memory, in bytes.</summary>
    public const long MaxBytes = 512L << 20;

    /// <summary>The largest ratio of the bytes that deflate, as in zip and gzip files, unpacks to those that it reads.</summary>
    public const int LargestDeflateRatio = 1032;

    private static readonly Encoding[] Encodings =
    [
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true),
        new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true),
        new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true),
    ];

    /// <summary>Opens a regular file, or a link to one, for reading.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="InputException">It does not exist, is a folder, pipe or device, is empty or may not be read.</exception>
    public static FileStream Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0'))
            throw new InputException($"'{path}' cannot be read: it is no path of a file, which was expected");
        if (Directory.Exists(path)) throw new InputException($"'{path}' is a folder; a file was expected");
        return Guard(path, () =>
        {
            var file = WithoutLinks(path);
            // The links of /dev/stdin and of a shell's <(...) lead to no path, but to a name such as pipe:[123].
            if (!file.Exists && new FileInfo(path).LinkTarget is not null && file.Name.Contains(":[", StringComparison.Ordinal))
                throw new InputException(
                    $"'{path}' is a pipe or a socket, not a regular file; a file was expected, so write what it gives into one first");
            // Pipes and devices have the length 0, and opening a pipe could wait for ever.
            if (file.Length == 0)
                throw new InputException($"file '{path}' is empty or not a regular file; a file with content was expected");
            // Others may write: metrics.csv is open as long as its run goes on.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        });
    }

    /// <summary>Bytes of a file, or of the one that a link leads to.</summary>
    /// <exception cref="InputException">It does not exist or may not be read.</exception>
    public static long LengthOf(string path) => Guard(path, () => WithoutLinks(path).Length);

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">A larger file is refused before memory is taken for it.</param>
    /// <exception cref="InputException">As <see cref="Open"/>, or the file is larger than <paramref name="maxBytes"/>.</exception>
    public static byte[] ReadAllBytes(string path, long maxBytes = MaxBytes)
    {
        using var stream = Open(path);
        if (stream.Length > maxBytes) throw new InputException($"file '{path}' has {stream.Length} bytes; at most {maxBytes} are read");
        return Guard(path, () =>
        {
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        });
    }

    /// <summary>Reads a text file of UTF-8, or of UTF-16 with a byte order mark, which is no part of the text.</summary>
    /// <exception cref="InputException">As <see cref="ReadAllBytes"/>, or it is of another encoding.</exception>
    public static string ReadText(string path, long maxBytes = MaxBytes) => TextOf(path, ReadAllBytes(path, maxBytes));

    /// <summary>The text of a file's content, without a byte order mark.</summary>
    /// <param name="path">What the error calls the file.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="InputException">It is neither UTF-8 nor UTF-16 with a byte order mark.</exception>
    public static string TextOf(string path, byte[] content)
    {
        var encoding = Array.Find(Encodings, known => content.AsSpan().StartsWith(known.Preamble)) ?? Encodings[0];
        var start = content.AsSpan().StartsWith(encoding.Preamble) ? encoding.Preamble.Length : 0;
        try
        {
            return encoding.GetString(content, start, content.Length - start);
        }
        catch (DecoderFallbackException e)
        {
            var line = 1 + content.AsSpan(start, e.Index).Count((byte)'\n');
            throw new InputException(
                $"line {line} of file '{path}' is not {encoding.WebName.ToUpperInvariant()}; save the file as UTF-8, which was expected",
                e);
        }
    }

    /// <summary>Runs <paramref name="read"/> and turns the system's errors into sentences that name the file.</summary>
    /// <exception cref="InputException">The file is missing, truncated or may not be read.</exception>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException(
                path.Contains((char)Rune.ReplacementChar.Value)
                    ? $"'{path}' cannot be opened, because its name is not UTF-8; rename it"
                    : $"file '{path}' does not exist",
                e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InputException($"{(Directory.Exists(path) ? "folder" : "file")} '{path}' may not be read: permission denied", e);
        }
        catch (EndOfStreamException e)
        {
            throw new InputException($"file '{path}' ends too early: it is truncated", e);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or FormatException or ArithmeticException)
        {
            throw new InputException($"file '{path}' cannot be read: it is damaged, or of another kind than its name says", e);
        }
        catch (IOException e) // whose message says what failed
        {
            throw new InputException($"file '{path}' cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    // .NET does not find the target of a link that is named without a folder.
    private static FileInfo WithoutLinks(string path) =>
        File.ResolveLinkTarget(Path.GetFullPath(path), returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
}
