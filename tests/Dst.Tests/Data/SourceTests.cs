using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Dst.Images;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public sealed class SourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FolderWithSplitsKeepsThem()
    {
        Write(
            ("train/b/1.png", 1), ("train/b/2.png", 2), ("train/a/3.png", 3), ("train/a/deep/4.png", 4), ("test/a/5.png", 5),
            ("test/b/6.png", 6), ("train/a/notes.txt", 0), ("train/.hidden/7.png", 7));
        var data = Load(new() { Kind = DataKind.Folder, Validation = 0 });
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal(["3.png", "4.png", "1.png", "2.png"], data.Training.Samples.Select(s => Path.GetFileName(s.Name)));
        Assert.Equal([0, 0, 1, 1], data.Training.Samples.Select(s => s.Label));
        Assert.Equal([1, 1], data.Test.CountByClass(2));
        Assert.Equal(0, data.Validation.Count);
        Assert.Equal(new(1, 4, 4), data.Shape);
    }

    [Fact]
    public void FolderWithoutSplitsIsSplitBySeed()
    {
        Write([.. Enumerable.Range(0, 20).Select(i => ($"a/{i}.png", i)), .. Enumerable.Range(0, 10).Select(i => ($"b/{i}.png", 100 + i))]);
        var options = new DataOptions { Kind = DataKind.Folder, Test = 0.3, Validation = 0.25 };
        var data = Load(options);
        Assert.Equal([6, 3], data.Test.CountByClass(2));
        Assert.Equal([4, 2], data.Validation.CountByClass(2)); // a quarter of 14 and 7, rounded to even
        Assert.Equal([10, 5], data.Training.CountByClass(2));
        var all = new[] { data.Training, data.Validation, data.Test }.SelectMany(s => s.Samples).Select(s => s.Name).ToList();
        Assert.Equal(30, all.Distinct().Count());
        Assert.Equal(Names(data.Validation), Names(Load(options).Validation));
        Assert.NotEqual(Names(data.Validation), Names(Load(options, seed: 2).Validation));
        Assert.NotEqual(Names(data.Test), Names(Load(options, seed: 2).Test));
        Assert.DoesNotContain(_log, line => line.StartsWith("warning", StringComparison.Ordinal));
    }

    [Fact]
    public void LinksToFilesAreReadAndLinksToFoldersAreNotFollowed()
    {
        Write(("train/a/1.png", 1), ("train/b/2.png", 2), ("test/a/3.png", 3), ("elsewhere.png", 4));
        File.CreateSymbolicLink(_folder.File("train/a/link.png"), "../../elsewhere.png");
        Directory.CreateSymbolicLink(_folder.File("train/a/loop"), "..");
        Assert.Equal([2, 1], Load(new() { Kind = DataKind.Folder, Validation = 0 }).Training.CountByClass(2));
        var loop = _folder.File("train/a/loop");
        Assert.Contains($"data: 1 link to a folder, not followed, such as '{loop}'", _log);
        var lines = new List<string>();
        Assert.Equal(2, ImageFolder.Images(_folder.File("train/a"), lines.Add).Count);
        Assert.Equal([$"1 link to a folder, not followed, such as '{loop}'"], lines);
    }

    [Fact]
    public void FolderErrorsNameTheFolder()
    {
        Write(("a/1.png", 1), ("a/2.png", 2));
        Assert.Contains("holds 1 class folder;", Fails(DataKind.Folder));
        Write(("b/1.png", 3));
        Assert.Contains("class 'b' has one image left", Fails(DataKind.Folder));
        Assert.DoesNotContain("min_samples", Fails(DataKind.Folder));
        Write(("c/1.png", 7));
        Assert.Contains("classes 'b', 'c' have one image left", Fails(DataKind.Folder));
        Directory.Delete(_folder.File("c"), recursive: true);
        Write(("a/3.png", 5), ("a/4.png", 6), ("b/2.png", 4));
        File.WriteAllText(_folder.File("b/3.png"), "this is text");
        Assert.Contains("3.png' is of no format", Fails(DataKind.Folder));
    }

    [Fact]
    public void TestClassWithoutTrainingImagesIsRefused()
    {
        Write(("train/a/1.png", 1), ("train/b/2.png", 2), ("test/c/3.png", 3));
        Assert.Contains("there is no such class", Fails(DataKind.Folder));
    }

    [Fact]
    public void MissingPathIsNamed()
    {
        string Refusal(DataOptions options) =>
            Assert.Throws<InputException>(() => DataSet.Load(options, 1, _log.Add)).Message;
        Assert.Contains("data.path is empty", Refusal(new() { Kind = DataKind.Mstar }));
        Assert.Contains("none' does not exist", Refusal(new() { Kind = DataKind.Mstar, Path = _folder.File("none") }));
        Assert.Contains("'17_DEG'", Fails(DataKind.Mstar));
    }

    [Theory]
    [InlineData("train", "test")]
    [InlineData("TRAIN/17_DEG", "TEST/15_DEG")]
    [InlineData("17_DEG", "15_DEG")]
    public void MstarOriginalsReadFromTheirFolders(string training, string test)
    {
        foreach (var (split, name) in new[] { (training, "HB1.017"), (training, "HB2.017"), (test, "HB3.015") })
        {
            foreach (var target in new[] { "T72/SN_132", "BMP2/SN_9563" })
            {
                var path = _folder.File($"{split}/{target}/{name}");
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, TestImages.Mstar(6, 5, (y, x) => y * 5 + x + name[2]));
            }
        }

        var data = Load(new() { Kind = DataKind.Mstar, Validation = 0, Crop = 4 });
        Assert.Equal(["BMP2", "T72"], data.ClassNames);
        Assert.Equal((4, 2), (data.Training.Count, data.Test.Count));
        Assert.Equal((6, 5), (data.Test.Samples[0].Height, data.Test.Samples[0].Width));
    }

    [Fact]
    public void FusarClassesFollowTheLevel()
    {
        WriteFusar();
        var data = Load(new() { Kind = DataKind.Fusar, MinSamples = 4, Validation = 0.25 });
        Assert.Equal(["Cargo", "Other"], data.ClassNames);
        Assert.Contains(_log, line => line.Contains("Rare (2)", StringComparison.Ordinal));
        data = Load(new() { Kind = DataKind.Fusar, Level = FusarLevel.Subcategory, MinSamples = 4, Validation = 0 });
        Assert.Equal(["Cargo/Bulk", "Cargo/Container", "Other/Tug"], data.ClassNames);
        Assert.Equal(16, data.Training.Samples[0].Window.BitsPerSample);
        Assert.Contains("0 classes of at least 99 images", Fails(DataKind.Fusar, new() { MinSamples = 99 }));
    }

    [Fact]
    public void ShipsMayBeOfOneClassThatIsAllowedAlone()
    {
        WriteFusar();
        Directory.Delete(_folder.File("Cargo"), recursive: true);
        AssertLone(DataKind.Fusar, "Other");

        foreach (var folder in Directory.GetDirectories(_folder.Path)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(_folder.File("scene/Patch_Cal"));
        for (var i = 0; i < 4; i++)
            File.WriteAllBytes(
                _folder.File($"scene/Patch_Cal/Tug_x{i}_y2.tif"),
                TestImages.Tiff(false, 4, 4, 16, [.. Enumerable.Range(i, 32).Select(n => (byte)n)]));
        AssertLone(DataKind.Opensarship, "Tug");

        void AssertLone(DataKind kind, string name)
        {
            var options = new DataOptions { Kind = kind, MinSamples = 4, Validation = 0.25, LoneClasses = ["Cargo", name] };
            Assert.Equal([name], Load(options).ClassNames);
            const string few = "1 class of at least 4 images; at least 2 were expected";
            Assert.EndsWith(few, Fails(kind, options with { LoneClasses = [] }));
            Assert.EndsWith(
                $"{few}, or one that the model knows in place of '{name}': Cargo", Fails(kind, options with { LoneClasses = ["Cargo"] }));
        }
    }

    [Fact]
    public void FusarShipInTwoSplitsIsALeak()
    {
        WriteFusar();
        var leak = Assert.Single(LeakCheck.Find(Load(new() { Kind = DataKind.Fusar, MinSamples = 4, Validation = 0 })));
        Assert.Equal(("ships", "training", "test"), (leak.What, leak.First, leak.Second));
        var line = _log.Find(line => line.Contains("show ships of the training split", StringComparison.Ordinal));
        Assert.StartsWith("warning:", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(';')]
    [InlineData('\t')]
    public void FusarMetaMayComeFromASpreadsheet(char separator)
    {
        WriteFusar();
        var meta = _folder.File("meta.csv");
        // Commas inside quotes stay.
        var lines = File.ReadAllLines(meta).Select(line => line.Replace(',', separator).Replace($"{separator} ", ", "));
        File.WriteAllLines(meta, lines, Encoding.Unicode);
        Assert.Single(LeakCheck.Find(Load(new() { MinSamples = 4, Validation = 0 })));
        Assert.DoesNotContain(_log, line => line.Contains("not in meta.csv", StringComparison.Ordinal));
    }

    [Fact]
    public void FusarMetaErrorsNameTheLine()
    {
        WriteFusar();
        var meta = _folder.File("meta.csv");
        var lines = File.ReadAllLines(meta);
        File.WriteAllLines(meta, [lines[0].Replace("mmsi", "number", StringComparison.Ordinal), .. lines[1..]]);
        Assert.Contains("no column 'mmsi'", Fails(DataKind.Fusar));
        File.WriteAllLines(meta, ["id|mmsi|path", "1|2|3"]);
        Assert.EndsWith(
            "no column 'path' in its first line, 'id|mmsi|path'; the columns path and mmsi were expected, with commas, semicolons or tabs "
            + "between columns",
            Fails(DataKind.Fusar));
        File.WriteAllLines(meta, [lines[0], "1,2"]);
        Assert.Contains("2 fields in line 2", Fails(DataKind.Fusar));
        File.Delete(meta);
        Assert.Contains("meta.csv' does not exist", Fails(DataKind.Fusar));
    }

    [Theory]
    [InlineData("")]
    [InlineData("cifar-100-binary/")]
    public void Cifar100ReadsFromFolderAndArchive(string prefix)
    {
        var files = Cifar100();
        foreach (var (name, bytes) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File("set/" + prefix + name))!);
            File.WriteAllBytes(_folder.File("set/" + prefix + name), bytes);
        }

        WriteArchive("set.tar.gz", prefix, files);
        foreach (var path in new[] { "set", "set.tar.gz" })
        {
            var data = DataSet.Load(new() { Kind = DataKind.Cifar100, Path = _folder.File(path), Validation = 0 }, 1, _log.Add);
            Assert.Equal(["apple", "bear", "chair"], data.ClassNames);
            Assert.Equal(new(3, 32, 32), data.Shape);
            Assert.Equal([0, 1, 2, 0, 1, 2], data.Training.Samples.Select(s => s.Label));
            Assert.Equal([0, 1, 2], data.Test.Samples.Select(s => s.Label));
            Assert.Equal(files["train.bin"][(3074 + 2)..(2 * 3074)], data.Training.Samples[1].Window.Data.ToArray());
        }
    }

    [Fact]
    public void FilesOfCifarMayBeLinks()
    {
        Directory.CreateDirectory(_folder.File("links"));
        foreach (var (name, bytes) in Cifar100())
        {
            File.WriteAllBytes(_folder.File(name), bytes);
            File.CreateSymbolicLink(_folder.File($"links/{name}"), _folder.File(name));
        }

        var data = DataSet.Load(new() { Kind = DataKind.Cifar100, Path = _folder.File("links"), Validation = 0 }, 1, _log.Add);
        Assert.Equal((6, 3), (data.Training.Count, data.Test.Count));
    }

    [Fact]
    public void Cifar10ReadsItsFiveBatches()
    {
        var files = Enumerable.Range(1, 5).ToDictionary(i => $"data_batch_{i}.bin", i => Records(2, 1, i));
        files["test_batch.bin"] = Records(2, 1, 9);
        files["batches.meta.txt"] = "cat\ndog\n\n"u8.ToArray();
        WriteArchive("c10.tar.gz", "cifar-10-batches-bin/", files);
        var data = DataSet.Load(new() { Kind = DataKind.Cifar10, Path = _folder.File("c10.tar.gz"), Validation = 0 }, 1, _log.Add);
        Assert.Equal((10, 2), (data.Training.Count, data.Test.Count));
        Assert.EndsWith("data_batch_3.bin[0]", data.Training.Samples[4].Name, StringComparison.Ordinal);
    }

    [Fact]
    public void CifarErrorsNameTheFile()
    {
        var files = Cifar100();
        DataSet LoadFrom(string path) => DataSet.Load(new() { Kind = DataKind.Cifar100, Path = _folder.File(path) }, 1, _log.Add);
        string Message(string path) => Assert.Throws<InputException>(() => LoadFrom(path)).Message;
        WriteArchive("whole.tar.gz", "", files);
        var whole = File.ReadAllBytes(_folder.File("whole.tar.gz"));
        foreach (var length in new[] { 5, 20, whole.Length / 2, whole.Length - 40 })
        {
            File.WriteAllBytes(_folder.File("cut.tar.gz"), whole[..length]);
            Assert.Contains("cut.tar.gz", Message("cut.tar.gz"));
        }

        File.WriteAllText(_folder.File("text.tar.gz"), "not an archive");
        Assert.Contains("text.tar.gz' cannot be read", Message("text.tar.gz"));
        WriteArchive("nonames.tar.gz", "", files.Where(f => f.Key != "fine_label_names.txt"));
        Assert.Contains("no fine_label_names.txt", Message("nonames.tar.gz"));
        WriteArchive("short.tar.gz", "", files.Select(f => f.Key == "test.bin" ? new(f.Key, f.Value[..^1]) : f));
        Assert.Contains("test.bin' has 9221 bytes", Message("short.tar.gz"));
        ClaimBytes("whole.tar.gz", "claim.tar.gz", 3074L * 500_000);
        Assert.Contains("train.bin' has 1537000000 bytes; whole records of 3074, at most 60000", Message("claim.tar.gz"));
        WriteArchive("twice.tar.gz", "", files.Append(files.First()));
        Assert.Contains("twice.tar.gz' has two files train.bin; each file once was expected", Message("twice.tar.gz"));
        files["train.bin"][1] = 3;
        WriteArchive("label.tar.gz", "", files);
        Assert.Contains("has the label 3 in record 0", Message("label.tar.gz"));
    }

    [Theory]
    [InlineData("apple\nbear\n apple \n\n", "line 3 of file '", "' is 'apple'; a name that no other line has was expected")]
    [InlineData("apple\n\nbear\nchair\n", "line 2 of file '", "' is ''; a name that no other line has was expected")]
    public void NamesOfCifarDiffer(string names, string start, string end)
    {
        var files = Cifar100();
        files["fine_label_names.txt"] = Encoding.UTF8.GetBytes(names);
        WriteArchive("set.tar.gz", "", files);
        var options = new DataOptions { Kind = DataKind.Cifar100, Path = _folder.File("set.tar.gz") };
        var message = Assert.Throws<InputException>(() => DataSet.Load(options, 1, _log.Add)).Message;
        Assert.StartsWith(start, message, StringComparison.Ordinal);
        Assert.EndsWith($"set.tar.gz/fine_label_names.txt{end}", message, StringComparison.Ordinal);
    }

    private static List<string> Names(SampleSet samples) => [.. samples.Samples.Select(s => s.Name)];

    private static Dictionary<string, byte[]> Cifar100() => new()
    {
        ["train.bin"] = Records(6, 2, 1),
        ["test.bin"] = Records(3, 2, 2),
        ["fine_label_names.txt"] = "apple\nbear\nchair\n"u8.ToArray(),
    };

    private static byte[] Records(int count, int labelBytes, int seed)
    {
        var bytes = new byte[count * (labelBytes + 3072)];
        new Random(seed).NextBytes(bytes);
        for (var i = 0; i < count; i++) bytes[i * (labelBytes + 3072) + labelBytes - 1] = (byte)(i % (labelBytes == 2 ? 3 : 2));
        return bytes;
    }

    private void WriteArchive(string name, string prefix, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        using var zipped = new GZipStream(File.Create(_folder.File(name)), CompressionLevel.Fastest);
        using var tar = new TarWriter(zipped);
        foreach (var (file, bytes) in files)
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, prefix + file) { DataStream = new MemoryStream(bytes) });
    }

    /// <summary>Copies an archive whose first member then claims to be larger than the whole archive.</summary>
    private void ClaimBytes(string from, string to, long bytes)
    {
        const int sizeField = 124, sumField = 148, headerBytes = 512;
        using var tar = new MemoryStream();
        using (var unzipped = new GZipStream(File.OpenRead(_folder.File(from)), CompressionMode.Decompress)) unzipped.CopyTo(tar);
        var header = tar.GetBuffer().AsSpan(0, headerBytes);
        Encoding.ASCII.GetBytes(Convert.ToString(bytes, 8).PadLeft(11, '0'), header[sizeField..]);
        header.Slice(sumField, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var value in header) sum += value;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header[sumField..]);
        using var zipped = new GZipStream(File.Create(_folder.File(to)), CompressionLevel.Fastest);
        tar.Position = 0;
        tar.CopyTo(zipped);
    }

    // Two categories of enough images and a rare one; image i of a class shows ship i / 5 of that class.
    private void WriteFusar()
    {
        var meta = new List<string> { "id,mmsi,length,width,polarMode,centerLookAngle,heightspace,widthspace,path" };
        var classes = new[] { ("Cargo/Bulk", 5), ("Cargo/Container", 5), ("Other/Tug", 4), ("Rare/One", 2) };
        foreach (var (c, (folder, count)) in classes.Index())
        {
            Directory.CreateDirectory(_folder.File(folder));
            for (var i = 0; i < count; i++)
            {
                var name = $"Ship_C{c:00}S01N{i:0000}.tiff";
                var samples = new byte[32];
                new Random(100 * c + i).NextBytes(samples);
                File.WriteAllBytes(_folder.File($"{folder}/{name}"), TestImages.Tiff(false, 4, 4, 16, samples));
                meta.Add($"{meta.Count},{41300000 + c},100,20,\"HH, HV\",30.5,1.7,1.1,{folder}/{name}");
            }
        }

        File.WriteAllLines(_folder.File("meta.csv"), meta);
    }

    private void Write(params (string Path, int Seed)[] files)
    {
        foreach (var (name, seed) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllBytes(_folder.File(name), TestImages.GreyPng(4, 4, (y, x) => (byte)(seed * (y + 1) + x)));
        }
    }

    private DataSet Load(DataOptions options, long seed = 1) => DataSet.Load(options with { Path = _folder.Path }, seed, _log.Add);

    private string Fails(DataKind kind, DataOptions? options = null)
    {
        var message = Assert.Throws<InputException>(() => Load((options ?? new()) with { Kind = kind, Validation = 0 })).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
