using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Dst.Images;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Zip archives of images as data, and archives that mean harm.</summary>
public sealed class ZipDataTests : IDisposable
{
    private static readonly string[] Photos =
        ["train/a/1.png", "train/a/2.png", "train/b/deep/er/3.png", "train/b/4.png", "test/a/5.png", "test/b/6.png"];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("photos/")]
    [InlineData("./a/b/")]
    [InlineData("photos\\")]
    public void An_archive_is_read_as_the_folder_that_was_packed_and_nothing_is_unpacked(string around)
    {
        foreach (var name in Photos) Write(_folder.File($"plain/{name}"), ImageOf(name));
        var zip = Zip([.. Photos.Select(name => around + name), "__MACOSX/._1.png", "Thumbs.db", around + "notes.txt", around + "train/"]);
        var before = Directory.GetFileSystemEntries(_folder.Path).Length;
        Assert.Equal(Read(_folder.File("plain")), Read(zip));
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path).Length);
        var inside = around.TrimEnd('/', '\\').Replace("./", "");
        Assert.Contains(_log, line => line == (inside == ""
            ? $"data: '{zip}' is read as data.kind folder"
            : $"data: '{zip}', folder '{inside}', is read as data.kind folder"));

        Assert.Equal(6, DataSurvey.Of(new() { Path = zip }).Images + 2);
        Assert.True(DataKinds.IsData(zip));
        Assert.False(ImageFolder.Exists(zip)); // it is closed again
        using var archive = ImageArchive.OpenIfAny(zip);
        Assert.Equal(6, ImageFolder.Find(zip).Images.Count);
        Assert.Equal(4, Image.Read(ImageFolder.Find(zip).Images[0]).Width);
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => Image.Read($"{zip}/none.png")).Message);
    }

    [Fact]
    public void Unlabelled_images_may_be_in_another_archive()
    {
        var labelled = Zip([.. Photos]);
        var unlabelled = _folder.File("more.ZIP");
        File.Copy(labelled, unlabelled);
        var data = DataSet.Load(new() { Path = labelled, Unlabelled = unlabelled, Validation = 0 }, seed: 1, _log.Add);
        Assert.Equal((4, 6, 2), (data.Training.Count, data.Unlabelled.Count, data.Test.Count));
    }

    [Fact]
    public void Several_archives_are_open_at_once_and_close_in_any_order()
    {
        var (first, second) = (Zip("a/1.png"), Zip("b/2.png"));
        using var a = ImageArchive.OpenIfAny(first)!;
        using var b = ImageArchive.OpenIfAny(second)!;
        Assert.True(ImageFolder.Exists($"{first}/a") && ImageFolder.Exists($"{second}/b"));
        a.Dispose();
        Assert.Equal((false, true), (ImageFolder.Exists(first), ImageFolder.Exists(second)));
        b.Dispose();
        Assert.Equal((false, false), (ImageFolder.Exists(first), ImageFolder.Exists(second)));
        Assert.Null(ImageArchive.OpenIfAny(_folder.File("none.zip")));
    }

    [Fact]
    public void Layouts_of_data_sets_of_files_are_found_and_others_are_refused()
    {
        Assert.Equal(DataKind.Mstar, KindOf(Zip("17_DEG/a/1.png", "17_DEG/b/2.png", "15_DEG/a/3.png", "15_DEG/b/4.png")));
        Assert.Equal(DataKind.Opensarship, KindOf(Zip("scene/Patch_Cal/Cargo_x1_y2.tif")));
        Assert.Equal(DataKind.Fusar, KindOf(Zip("a/b/Ship_1.png", "c/d/Ship_2.png", "meta.csv")));
        Assert.Contains("data.kind idx; a zip archive of image files", Fails(Zip("train-images-idx3-ubyte", "train-labels-idx1-ubyte")));
        Assert.Contains("holds 0 class folders", Fails(Zip("notes.txt")));
        var empty = Zip();
        Assert.Contains("holds 0 class folders", Fails(empty));
        using var archive = ImageArchive.OpenIfAny(empty);
        Assert.Empty(ImageFolder.Find(empty).Images);
        Assert.Contains("a folder or a zip archive of images", Fails(Write(_folder.File("x.zip"), [1, 2, 3])));
    }

    [Fact]
    public void An_archive_that_means_harm_is_refused_before_memory_is_taken()
    {
        Assert.Contains("'../../etc/1.png', whose name leads out of it", Fails(Zip("../../etc/1.png", "b/2.png")));
        Assert.Contains("'a\\..\\..\\1.png', whose name leads out of it", Fails(Zip("a\\..\\..\\1.png")));
        Assert.Contains("'.', which is no name of a file", Fails(Zip("a/1.png", ".")));
        Assert.Contains("'a/1.png', twice", Fails(Zip("a/1.png", "a/1.png")));
        Assert.Contains("'a/1/2.png', and a file where its folder is", Fails(Zip("a/1", "a/1/2.png")));
        var zip = Zip([.. Photos]);
        Assert.Contains("claims 500000000 bytes", Fails(Patch(zip, fieldOfCentralDirectory: 24, 500_000_000)));
        Assert.Contains("has 4000000000 bytes; at most", Fails(Patch(zip, fieldOfCentralDirectory: 24, 4_000_000_000)));
        Assert.Contains("which is encrypted", Fails(Patch(zip, fieldOfCentralDirectory: 8, 1)));
        var bytes = File.ReadAllBytes(zip);
        Assert.Contains("cannot be read: it is damaged", Fails(Write(_folder.File("torn.zip"), bytes[..^40])));
        Assert.Contains("cannot be read: it is damaged", Fails(Write(_folder.File("start.zip"), bytes[..4])));
    }

    [Fact]
    public void A_file_with_a_wrong_checksum_is_refused()
    {
        var zip = Zip("a/1.png");
        var directory = File.ReadAllBytes(zip).AsSpan();
        var expected = BinaryPrimitives.ReadUInt32LittleEndian(directory[(directory.IndexOf("PK\u0001\u0002"u8) + 16)..]);
        Assert.Equal(expected, Crc32.HashToUInt32(ImageOf("a/1.png")));
        using var archive = ImageArchive.OpenIfAny(Patch(zip, fieldOfCentralDirectory: 16, expected ^ 0x10));
        var file = ImageFolder.Find(_folder.File($"{expected ^ 0x10}.zip")).Images[0];
        Assert.Contains(
            $"its checksum is {expected:x8}, and {expected ^ 0x10:x8} was expected",
            Assert.Throws<InputException>(() => Image.Read(file)).Message);
    }

    [Theory]
    [InlineData(0x82)] // of e with an accent in code page 437
    [InlineData(0xE9)] // in code page 1252
    public void A_name_that_is_not_utf8_is_refused(byte letter)
    {
        var bytes = File.ReadAllBytes(Zip("ab/1.png", "c/2.png"));
        foreach (var signature in new[] { "PK\u0003\u0004", "PK\u0001\u0002" })
        {
            var entry = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(signature));
            bytes[entry + bytes.AsSpan(entry).IndexOf("ab/"u8)] = letter;
        }

        Assert.Contains("whose name is not UTF-8", Fails(Write(_folder.File("old.zip"), bytes)));
        var plain = Zip("\u00e9/1.png", "\u00e9/2.png", "z/3.png", "z/4.png");
        var data = DataSet.Load(new() { Path = plain, Validation = 0, Test = 0.5 }, seed: 1, _log.Add);
        Assert.Equal(["z", "\u00e9"], data.ClassNames);
    }

    private static byte[] ImageOf(string name)
    {
        var seed = name.Replace('\\', '/').Split('/')[^1].Sum(c => c);
        return TestImages.GreyPng(4, 4, (y, x) => (byte)(seed + 7 * y + 3 * x));
    }

    private string Zip(params string[] names)
    {
        var path = _folder.File($"{Directory.GetFileSystemEntries(_folder.Path).Length}.zip");
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var name in names)
        {
            using var content = zip.CreateEntry(name).Open();
            if (name.EndsWith(".png", StringComparison.Ordinal)) content.Write(ImageOf(name));
            else if (name.EndsWith("meta.csv", StringComparison.Ordinal)) content.Write("path,mmsi\n"u8);
        }

        return path;
    }

    // Changes a number of the first file in the directory at the end of an archive.
    private string Patch(string zip, int fieldOfCentralDirectory, uint value)
    {
        var bytes = File.ReadAllBytes(zip);
        var field = bytes.AsSpan(bytes.AsSpan().IndexOf("PK\u0001\u0002"u8) + fieldOfCentralDirectory);
        if (fieldOfCentralDirectory == 8) BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)value);
        else BinaryPrimitives.WriteUInt32LittleEndian(field, value);
        return Write(_folder.File($"{value}.zip"), bytes);
    }

    private static string Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    private List<string> Read(string path)
    {
        var data = DataSet.Load(new() { Path = path, Validation = 0 }, seed: 1, _log.Add);
        return [.. data.Splits.SelectMany(split => split.Samples.Select(
            sample => $"{split.Name} {data.ClassNames[sample.Label!.Value]} {Path.GetFileName(sample.Name)} {sample.Hash}"))];
    }

    private static DataKind KindOf(string path)
    {
        using var archive = ImageArchive.OpenIfAny(path);
        return DataKinds.Resolve(new() { Path = path }, _ => { }).Kind;
    }

    private string Fails(string path) =>
        Assert.Throws<InputException>(() => DataSet.Load(new() { Path = path }, seed: 1, _log.Add)).Message;
}
