using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>What a path implies, IDX files, and OpenSARShip.</summary>
public sealed class DataKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WithoutAPathDataIsSimulatedAndWithOneItIsNot()
    {
        var small = new DataOptions { Simulated = new() { Classes = 2, PerClassTrain = 4, PerClassTest = 2, Size = 16 } };
        Assert.Equal(DataKind.Simulated, DataSet.Load(small, 1, _log.Add).Options.Kind);
        Assert.Equal("data: simulated chips, as data.path is empty", _log[0]);
        Write("a/1.png", TestImages.GreyPng(2, 2, (_, _) => 1));
        Write("b/2.png", TestImages.GreyPng(2, 2, (_, _) => 2));
        Assert.Contains("data.kind is simulated and data.path is '", Fails(small with { Kind = DataKind.Simulated }));
        Assert.Equal(DataKind.Folder, Resolve());
        Assert.Contains("does not exist", Assert.Throws<InputException>(
            () => DataKinds.Resolve(new() { Path = _folder.File("none") }, _log.Add)).Message);
    }

    [Theory]
    [InlineData("cifar/train.bin", DataKind.Cifar100)]
    [InlineData("data_batch_2.bin", DataKind.Cifar10)]
    [InlineData("t10k-images-idx3-ubyte.gz", DataKind.Idx)]
    [InlineData("scene/Patch_Cal/Cargo_x1_y2.tif", DataKind.Opensarship)]
    [InlineData("Patch_Uint8/Cargo_x1_y2.tif", DataKind.Opensarship)]
    [InlineData("TRAIN/17_DEG/x", DataKind.Mstar)]
    [InlineData("train/a/1.png", DataKind.Folder)]
    public void AFolderTellsItsKind(string file, DataKind expected)
    {
        Write(file, [1]);
        if (expected == DataKind.Mstar) Write("TEST/15_DEG/x", [1]);
        Assert.Equal(expected, Resolve());
        var word = Dst.Foundations.EnumWords.Of(expected);
        Assert.Contains(_log, line => line.EndsWith($"is read as data.kind {word}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("id,MMSI,polarMode, path\r\n1,2,HH,a/1.png", DataKind.Fusar)]
    [InlineData("\ufeff\"path\",\"mmsi\"", DataKind.Fusar)]
    [InlineData("id;MMSI;polarMode;path\r\n1;2;HH;a/1.png", DataKind.Fusar)]
    [InlineData("mmsi;path,mmsi", DataKind.Folder)]
    [InlineData("file,mmsi\npath,mmsi", DataKind.Folder)]
    [InlineData("path,taken,camera", DataKind.Folder)]
    [InlineData("", DataKind.Folder)]
    public void TheColumnsOfMetaTellFusarFromAFolder(string meta, DataKind expected)
    {
        Write("meta.csv", Encoding.UTF8.GetBytes(meta));
        Assert.Equal(expected, Resolve());
    }

    [Fact]
    public void KeysOfAnotherKindAreRefused()
    {
        foreach (var name in new[] { "a/1.png", "a/2.png", "b/3.png", "b/4.png" })
            Write(name, TestImages.GreyPng(2, 2, (_, _) => (byte)name[2]));
        foreach (var (key, owners, options) in new (string, string, DataOptions)[]
        {
            ("data.level", "fusar", new() { Level = FusarLevel.Subcategory }),
            ("data.min_samples", "fusar and opensarship", new() { MinSamples = 2 }),
            ("data.patch", "opensarship", new() { Patch = OpenSarShipPatch.Uint8 }),
            ("data.bands", "opensarship", new() { Bands = [Polarisation.Vh, Polarisation.Vv] }),
            ("data.simulated", "simulated", new() { Simulated = new() { Size = 32 } }),
        })
        {
            var expected = $"{key} is set and data.kind is folder; {key} was expected with {owners} alone, so leave it out";
            Assert.Equal(expected, Fails(options));
            Assert.Equal(expected, Fails(options with { Kind = DataKind.Folder }));
        }

        Assert.Contains("data.kind is fusar; data.bands", Fails(new() { Kind = DataKind.Fusar, Bands = [] }));
        Assert.Equal(2, Load(new() { Bands = [Polarisation.Vv], Simulated = new(), Test = 0.5, Validation = 0 }).ClassNames.Count);
    }

    [Fact]
    public void AFileOfAnUnknownKindIsRefused()
    {
        Write("x.txt", [1, 2, 3]);
        Assert.Contains("x.txt' is a file of an unknown kind", Assert.Throws<InputException>(
            () => DataKinds.Resolve(new() { Path = _folder.File("x.txt") }, _log.Add)).Message);
        Write("cifar.tar", [.. new byte[257], .. "ustar"u8, .. new byte[762]]);
        Assert.Contains("cifar.tar' is a tar archive; a folder or a zip archive of images, a CIFAR archive (.tar.gz) or", Assert.Throws<
            InputException>(() => DataKinds.Resolve(new() { Path = _folder.File("cifar.tar") }, _log.Add)).Message);
        Write("net.pt", [.. "PK"u8, 3, 4, 0, 0]);
        Assert.Contains("net.pt' is a PyTorch file (.pt) or another zip archive; a folder or", Assert.Throws<InputException>(
            () => DataKinds.Resolve(new() { Path = _folder.File("net.pt") }, _log.Add)).Message);
        Write("t10k-labels-idx1-ubyte.gz", [0x1F, 0x8B, 8, 0]);
        Assert.Contains("is a file of labels; the file of images beside it was expected", Assert.Throws<InputException>(
            () => DataKinds.Resolve(new() { Path = _folder.File("t10k-labels-idx1-ubyte.gz") }, _log.Add)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IdxHasTheUsualFourFiles(bool packed)
    {
        WriteIdx("train", 6, packed);
        WriteIdx("t10k", 3, packed);
        var data = Load(new() { Validation = 0 });
        Assert.Equal(["3", "5", "7"], data.ClassNames);
        Assert.Equal((6, 3, new(1, 2, 4)), (data.Training.Count, data.Test.Count, data.Shape));
        Assert.Equal([8, 9, 10, 11, 12, 13, 14, 15], data.Training.Samples[1].Window.Data.ToArray());
        Assert.Equal([0, 1, 2, 0, 1, 2], data.Training.Samples.Select(sample => sample.Label));
    }

    [Fact]
    public void ALabelOfTheTestSetAloneIsRefused()
    {
        WriteIdx("train", 6, packed: false);
        WriteIdx("t10k", 3, packed: false);
        var labels = File.ReadAllBytes(_folder.File("t10k-labels-idx1-ubyte"));
        Write("t10k-labels-idx1-ubyte", [.. labels[..^1], 9]);
        Assert.Contains("t10k-images-idx3-ubyte[2]' has the label 9, which no image of", Fails());
    }

    [Fact]
    public void OneClassIsRefused()
    {
        WriteIdx("train", 6, packed: false);
        Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 6, 7, 7, 7, 7, 7, 7]);
        Assert.Equal($"'{_folder.Path}' holds images of one class, '7'; at least 2 classes were expected", Fails());
    }

    [Fact]
    public void ASetAloneIsSplit()
    {
        WriteIdx("t10k", 12, packed: true);
        var data = Load(new() { Validation = 0, Test = 0.25 });
        Assert.Equal((9, 3), (data.Training.Count, data.Test.Count));
        Assert.Contains(_log, line => line.Contains("is the only set", StringComparison.Ordinal));
        var file = _folder.File("t10k-images-idx3-ubyte.gz");
        Assert.Equal(9, DataSet.Load(new() { Path = file, Validation = 0, Test = 0.25 }, 1, _log.Add).Training.Count);
    }

    [Fact]
    public void IdxErrorsNameTheFile()
    {
        WriteIdx("train", 6, packed: false);
        var images = File.ReadAllBytes(_folder.File("train-images-idx3-ubyte"));
        Write("train-images-idx3-ubyte", images[..^1]);
        Assert.Contains("train-images-idx3-ubyte' ends too early", Fails());
        Write("train-images-idx3-ubyte", [.. images, 0]);
        Assert.Contains("more than the 48 values", Fails());
        Write("train-images-idx3-ubyte", [0, 0, 13, 3, .. images[4..]]);
        Assert.Contains("starts with 00000D03", Fails());
        Write("train-images-idx3-ubyte", [0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, .. images[8..]]);
        Assert.Contains("declares 2147483647x2x4 values", Fails());
        Write("train-images-idx3-ubyte", [0, 0, 8, 3, 0x80, 0, 0, 0, .. images[8..]]);
        Assert.Contains("declares 2147483648x2x4 values", Fails());
        Write("train-images-idx3-ubyte", images);
        Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 3]);
        Assert.Contains("has 1 labels; 6 were expected", Fails());
        File.Delete(_folder.File("train-labels-idx1-ubyte"));
        Assert.Contains("no labels beside it", Fails());
        Write("train2-images-idx3-ubyte", images);
        Assert.Contains("one was expected", Fails());
    }

    [Fact]
    public void OpenSarShipGivesTheBandsThatAreAskedFor()
    {
        WriteChips();
        var data = Load(new() { Validation = 0, Test = 0.5, MinSamples = 2 });
        Assert.Equal(["Cargo", "Tanker"], data.ClassNames);
        Assert.Equal((6, new(1, 2, 2)), (data.Training.Count + data.Test.Count, data.Shape));
        Assert.Contains(_log, line => line.EndsWith("images: Other Type (1)", StringComparison.Ordinal));
        Assert.All(
            data.Training.Samples.Concat(data.Test.Samples),
            sample => Assert.Equal(sample.Name.StartsWith(_folder.File("s"), StringComparison.Ordinal), sample.IsFile));
        data = Load(new() { Validation = 0, Test = 0.5, Bands = [Polarisation.Vv, Polarisation.Vh] });
        Assert.Equal(new(2, 2, 2), data.Shape);
        Assert.Contains(_log, line => line.Contains("3 of 7 chips are left out", StringComparison.Ordinal));
        var cargo = data.Training.Samples.Concat(data.Test.Samples).Single(sample => sample.Name.EndsWith("Cargo_x1_y5.tif"));
        Assert.Equal([10, 11, 12, 13, 1, 2, 3, 4], cargo.Window.Samples<float>().ToArray());
        Assert.False(cargo.IsFile); // the file has VH first
        var inOrder = Load(new() { Validation = 0, Test = 0.5, Bands = [Polarisation.Vh, Polarisation.Vv] });
        Assert.All(inOrder.Test.Samples, sample => Assert.True(sample.IsFile));
        Assert.Contains("or data.min_samples 3, which leaves out smaller classes", Fails());
        Assert.Contains("data.bands is [vv, vv]", Fails(new() { Bands = [Polarisation.Vv, Polarisation.Vv] }));
        Assert.Contains("no scene with a folder Patch_Uint8", Fails(new() { Patch = OpenSarShipPatch.Uint8 }));
    }

    [Fact]
    public void OpenSarShipOf8BitsHasAFileForEachBand()
    {
        foreach (var (i, name) in new[] { "Cargo_x1_y1", "Cargo_x2_y2", "Tanker_x1_y1", "Tanker_x2_y2" }.Index())
        {
            foreach (var (j, band) in new[] { "vh", "vv" }.Index())
                Write($"s/Patch_Uint8/Visual_{name}_{band}.tif", TestImages.Tiff(false, 1, 1, 8, [(byte)(10 * i + j)]));
        }

        var options = new DataOptions { Validation = 0, Test = 0.5, Patch = OpenSarShipPatch.Uint8 };
        var data = Load(options with { Bands = [Polarisation.Vh, Polarisation.Vv] });
        Assert.Equal(["Cargo", "Tanker"], data.ClassNames);
        Assert.Equal(new(2, 1, 1), data.Shape);
        Assert.All(data.Training.Samples, sample => Assert.Equal(sample.Window.Data.Span[0] + 1, sample.Window.Data.Span[1]));
    }

    // Scene d has chips of two bands, scene s chips of one.
    private void WriteChips()
    {
        foreach (var (i, name) in new[] { "Cargo_x1_y5", "Cargo_x2_y5", "Tanker_x-3_y5", "Tanker_x4_y5" }.Index())
            WriteFloats($"d/Patch_Cal/{name}.tif", 2, [1 + 100 * i, 10 + i, 2, 11, 3, 12, 4, 13]);
        foreach (var (i, name) in new[] { "Cargo_x1_y5", "Tanker_x2_y5", "Other Type_x1_y9" }.Index())
            WriteFloats($"s/Patch_Cal/{name}.tif", 1, [20 + i, 21, 22, 23]);
        Write("s/ship.xml", [1]);
    }

    private void WriteFloats(string name, int channels, float[] samples) => Write(
        name, TestImages.Tiff(false, 2, 2, 32, MemoryMarshal.AsBytes<float>(samples).ToArray(), channels: channels, format: 3));

    private void WriteIdx(string prefix, int count, bool packed)
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, (byte)count, 0, 0, 0, 2, 0, 0, 0, 4, .. Enumerable.Range(0, 8 * count).Select(i => (byte)i)];
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, (byte)count, .. Enumerable.Range(0, count).Select(i => (byte)(3 + 2 * (i % 3)))];
        foreach (var (name, bytes) in new[] { ($"{prefix}-images-idx3-ubyte", images), ($"{prefix}-labels-idx1-ubyte", labels) })
        {
            if (!packed)
            {
                Write(name, bytes);
                continue;
            }

            using var zipped = new GZipStream(File.Create(_folder.File(name + ".gz")), CompressionLevel.Fastest);
            zipped.Write(bytes);
        }
    }

    private void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), content);
    }

    private DataKind Resolve() => DataKinds.Resolve(new() { Path = _folder.Path }, _log.Add).Kind;

    private DataSet Load(DataOptions? options = null)
    {
        _log.Clear();
        return DataSet.Load((options ?? new()) with { Path = _folder.Path }, 1, _log.Add);
    }

    private string Fails(DataOptions? options = null) => Assert.Throws<InputException>(() => Load(options)).Message;
}
