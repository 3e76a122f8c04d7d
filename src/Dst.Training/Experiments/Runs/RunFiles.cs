using Dst.Foundations;

namespace Dst.Training.Experiments.Runs;

/// <summary>The files of a run that travel between ranks.</summary>
internal static class RunFiles
{
    /// <summary>Name of the checkpoint.</summary>
    public const string Checkpoint = RunFolder.CheckpointName;

    /// <summary>The files that all arms of a run write to.</summary>
    public static IReadOnlyList<string> Tables { get; } = [RunFolder.MetricsName, RunFolder.SummaryName, ManifestFile.Name];

    /// <summary>The files that every arm begins with. Each rank writes a manifest of its own.</summary>
    public static IReadOnlyList<string> Inputs { get; } = [RunRecipe.FileName, RunFolder.MetricsName, RunFolder.SummaryName];

    /// <summary>The files from which one process goes on with an arm.</summary>
    public static IReadOnlyList<string> State { get; } = [Checkpoint, RunFolder.MetricsName];

    /// <summary>Reads a file that may be open for writing.</summary>
    public static byte[] Read(string folder, string name)
    {
        using var file = new FileStream(
            Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Writes files, each whole or not at all.</summary>
    public static void Write(string folder, IReadOnlyDictionary<string, byte[]> files)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, bytes) in files) AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));
    }
}
