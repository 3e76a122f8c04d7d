namespace Dst.Training.Data;

/// <summary>Names and record layout of one of the two official binary sets.</summary>
/// <param name="Name">For messages.</param>
/// <param name="LabelBytes">Bytes before the pixels of a record; the last of them is the class.</param>
/// <param name="TrainingFiles">Training files, in order.</param>
/// <param name="TestFile">Test file.</param>
/// <param name="NamesFile">Class names, one per line.</param>
internal sealed record CifarLayout(string Name, int LabelBytes, string[] TrainingFiles, string TestFile, string NamesFile)
{
    /// <summary>CIFAR-10: one label.</summary>
    public static CifarLayout Cifar10 { get; } = new(
        "CIFAR-10", 1, [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")], "test_batch.bin", "batches.meta.txt");

    /// <summary>CIFAR-100: a coarse and a fine label. The fine one is the class.</summary>
    public static CifarLayout Cifar100 { get; } = new("CIFAR-100", 2, ["train.bin"], "test.bin", "fine_label_names.txt");

    /// <summary>All files of the set.</summary>
    public IEnumerable<string> Files => [.. TrainingFiles, TestFile, NamesFile];

    /// <summary>The set that has a file of this name, or null.</summary>
    public static DataKind? KindOf(string file) => Cifar100.Files.Contains(file) ? DataKind.Cifar100
        : Cifar10.Files.Contains(file) ? DataKind.Cifar10
        : null;
}
