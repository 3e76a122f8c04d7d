using System.Diagnostics;

namespace Dst.Fuzz;

/// <summary>What a process holds: files, threads, memory. None of it may grow with the number of inputs.</summary>
internal sealed record LeakCheck(string Folder, int OpenFiles, int Threads, int FilesLeft, long ManagedBytes, long ResidentBytes)
{
    private const int MoreThings = 8;
    private const long MoreManagedBytes = 32L << 20;
    private const long MoreResidentBytes = 768L << 20; // the collector returns memory late

    /// <summary>Notes what is held now.</summary>
    /// <param name="folder">The folder that inputs are written to.</param>
    public static LeakCheck Start(string folder)
    {
        using var process = Process.GetCurrentProcess();
        var openFiles = Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;
        var filesLeft = Directory.GetFileSystemEntries(folder).Length;
        return new(folder, openFiles, process.Threads.Count, filesLeft, GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64);
    }

    /// <summary>What has grown since, or null.</summary>
    public string? Find()
    {
        var now = Start(Folder);
        return now.OpenFiles > OpenFiles + MoreThings ? $"{now.OpenFiles} files are open, {OpenFiles} were"
            : now.Threads > Threads + MoreThings ? $"there are {now.Threads} threads, there were {Threads}"
            : now.FilesLeft > FilesLeft + MoreThings ? $"{now.FilesLeft} files are left in {Folder}, there were {FilesLeft}"
            : now.ManagedBytes > ManagedBytes + MoreManagedBytes ? $"{now.ManagedBytes} managed bytes are held, {ManagedBytes} were"
            : now.ResidentBytes > ResidentBytes + MoreResidentBytes ? $"{now.ResidentBytes} bytes are resident, {ResidentBytes} were"
            : null;
    }
}
