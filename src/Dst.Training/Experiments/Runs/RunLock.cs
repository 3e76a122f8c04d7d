namespace Dst.Training.Experiments.Runs;

/// <summary>Keeps other processes out of a run folder. The system releases it when the process ends, in whatever way.</summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Locks a run folder.</summary>
    /// <exception cref="InputException">Another process has it.</exception>
    public RunLock(string folder)
    {
        var path = Path.Combine(folder, ".lock");
        try
        {
            _file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new InputException(
                $"run folder {folder} is in use: another process trains in it; wait until that has ended, or stop it", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
