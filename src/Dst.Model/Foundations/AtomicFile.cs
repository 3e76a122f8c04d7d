namespace Dst.Foundations;

/// <summary>Writes files so that a reader, or a crash at any moment, sees the old content or the new, never a part of it.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes a temporary file in the same folder, flushes it to the disk and renames it to <paramref name="path"/>, which it replaces.
    /// If anything fails, the temporary file is removed.
    /// </summary>
    /// <exception cref="InputException">The folder is missing or not writable, or the disk is full.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.GetFullPath(path);
        var temporary = Path.Combine(Path.GetDirectoryName(full) ?? "", $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        var renamed = false;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
            renamed = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{path} cannot be written ({e.Message.TrimEnd('.')}); expected a writable folder with enough free space", e);
        }
        finally
        {
            if (!renamed && File.Exists(temporary)) File.Delete(temporary);
        }
    }
}
