using Dst.Runtime;

namespace Dst.Training.Data;

/// <summary>Opens and reads files of the user, with one sentence for each thing that can be wrong.</summary>
internal static class InputFile
{
    /// <summary>Most bytes that are read from one file into memory.</summary>
    public const long MaxBytes = 512L << 20;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="InputException">It does not exist, is a folder, is empty or may not be read.</exception>
    public static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new InputException($"'{path}' is a folder; a file was expected");
        return Guard(path, () =>
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > 0) return stream;
            stream.Dispose();
            throw new InputException($"file '{path}' is empty");
        });
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InputException">As <see cref="Open"/>, or the file is larger than <see cref="MaxBytes"/>.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        using var stream = Open(path);
        if (stream.Length > MaxBytes) throw new InputException($"file '{path}' has {stream.Length} bytes; at most {MaxBytes} are read");
        return Guard(path, () =>
        {
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        });
    }

    /// <summary>Runs <paramref name="read"/> and turns the system's errors into sentences that name the file.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"file '{path}' does not exist");
        }
        catch (UnauthorizedAccessException)
        {
            throw new InputException($"file '{path}' may not be read: permission denied");
        }
        catch (EndOfStreamException)
        {
            throw new InputException($"file '{path}' ends too early: it is truncated");
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new InputException($"file '{path}' cannot be read: {e.Message}");
        }
    }
}
