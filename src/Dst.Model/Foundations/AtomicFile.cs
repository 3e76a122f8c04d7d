using System.Formats.Tar;
using System.Text;

namespace Dst.Foundations;

/// <summary>Writes files so that a reader, or a crash at any moment, sees the old content or the new, never a part of it.</summary>
public static class AtomicFile
{
    /// <summary>Longest name, in bytes of UTF-8, that the name of the temporary file repeats: systems allow 255 bytes.</summary>
    private const int LongestStem = 200;

    /// <summary>
    /// Writes a temporary file in the same folder, flushes it to the disk and renames it to <paramref name="path"/>, which it replaces.
    /// If anything fails, the temporary file is removed. Several threads and processes may write the same file: the last one stays.
    /// </summary>
    /// <exception cref="InputException">
    /// The folder is missing or not writable, the disk is full, or <paramref name="path"/> is something else than a regular file.
    /// </exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        CheckReplaceable(path);
        var full = Path.GetFullPath(path);
        var temporary = TemporaryBeside(full);
        var isLeft = false;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                isLeft = true;
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
            isLeft = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{path} cannot be written ({e.Message.TrimEnd('.')}); expected a writable folder with enough free space", e);
        }
        finally
        {
            if (isLeft) File.Delete(temporary);
        }
    }

    /// <summary>Fails if <paramref name="path"/> is something that a file must not replace: a link, a device, a pipe or a socket.</summary>
    /// <exception cref="InputException">It is.</exception>
    public static void CheckReplaceable(string path)
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is { } target)
            throw new InputException($"{path} is a link to {target}; a regular file, or a name that is free, was expected");
        if (file.Exists && file.Length == 0 && !IsRegular(path))
            throw new InputException($"{path} is a device, a pipe or a socket; a regular file, or a name that is free, was expected");
    }

    /// <summary>A path for a temporary file or folder in the folder of <paramref name="path"/>, another one at each call.</summary>
    /// <param name="path">What the file or folder will become.</param>
    public static string TemporaryBeside(string path)
    {
        var name = Path.GetFileName(path);
        var stem = Encoding.UTF8.GetByteCount(name) <= LongestStem ? name : Fingerprint.Of(name);
        // By chance, because threads share a process, and processes of two containers may have one id.
        return Path.Combine(Path.GetDirectoryName(path) ?? "", $".{stem}.{Path.GetRandomFileName()}.tmp");
    }

    // .NET tells the type of a file only where it writes archives. An empty file takes a header there, and a pipe is not opened.
    private static bool IsRegular(string path)
    {
        using var archive = new MemoryStream();
        try
        {
            using (var writer = new TarWriter(archive, leaveOpen: true)) writer.WriteEntry(path, "file");
            archive.Position = 0;
            using var reader = new TarReader(archive);
            return reader.GetNextEntry()?.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
        }
        catch (IOException)
        {
            return false; // archives have no sockets
        }
    }
}
