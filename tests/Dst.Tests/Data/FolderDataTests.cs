using System.Runtime.InteropServices;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;
using Dst.Training.Masks.Repair;
using Dst.Training.Networks;

namespace Dst.Tests.Data;

/// <summary>Folders as people have them: mixed images, other words for splits, what systems leave behind, names in two forms.</summary>
public sealed partial class FolderDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ColourOfAnyImageAndTheDefaultSizeDoNotDependOnTheSeed(long seed)
    {
        for (var i = 0; i < 6; i++) Write($"a/{i}.png", TestImages.GreyPng(4 + i, 9, (y, x) => (byte)(20 * i + x)));
        for (var i = 0; i < 6; i++) Write($"b/{i}.png", TestImages.GreyPng(4 + i, 9, (y, x) => (byte)(150 + 10 * i + x)));
        Write("b/z.png", TestImages.Png(2, 1, 8, 2, [1, 2, 3, 4, 5, 6]));
        var data = Load(seed: seed);
        Assert.Equal(new(3, 64, 64), data.Shape);
        Assert.Equal((64, 64), (data.Options.Resize, data.Normalisation.Resize));
        Assert.Contains(
            "data: 13 images: 1 colour, 12 grey, 7 sizes from 1x2 to 9x9; resized to 64x64, stretched 1.5 times (data.fit: stretch)",
            _log);
    }

    [Fact]
    public void ACropIsNotResized()
    {
        for (var i = 0; i < 8; i++) Write($"{(i < 4 ? "a" : "b")}/{i}.png", TestImages.GreyPng(4 + i, 9, (y, x) => (byte)(20 * i + x)));
        var data = Load(new() { Crop = 8 });
        Assert.Equal((new(1, 8, 8), 0), (data.Shape, data.Options.Resize));
        const string Summary = "8 grey, 8 sizes from 9x4 to 9x11; cropped or padded to 8x8";
        Assert.Contains(_log, line => line.EndsWith(Summary, StringComparison.Ordinal));
    }

    [Fact]
    public void ImagesOfOneKindNeedNoLine()
    {
        WriteGrey("a/1.png", "a/2.png", "a/3.png", "b/4.png", "b/5.png", "b/6.png");
        Assert.Equal(new(1, 4, 4), Load().Shape);
        Assert.DoesNotContain(_log, line => line.Contains("sizes", StringComparison.Ordinal));
    }

    [Fact]
    public void OtherBandsMustBeAsMany()
    {
        foreach (var name in new[] { "a/1.tif", "a/2.tif", "b/3.tif", "b/4.tif" })
            Write(name, TestImages.Tiff(false, 2, 2, 8, [.. Enumerable.Range(name[2], 8).Select(v => (byte)v)], channels: 2));
        var options = new DataOptions { Test = 0.5, Validation = 0 };
        Assert.Equal(new(2, 2, 2), Load(options).Shape);
        WriteGrey("b/5.png");
        Assert.Contains("'" + _folder.File("a/1.tif") + "' has 2 bands and", Fails(options));
        Assert.Contains("skip leaves out only files that cannot be read", Fails(options with { Unreadable = UnreadableImages.Skip }));
        Assert.Contains("1 band and the network takes 2", Fails(options with { Channels = 2, Crop = 2 }));
    }

    [Theory]
    [InlineData("train", "val", "test")]
    [InlineData("Training", "VALID", "Testing")]
    [InlineData("train", "validation", "test")]
    public void WordsOfThreeSplits(string training, string validation, string test)
    {
        WriteGrey(
            $"{training}/a/1.png", $"{training}/b/2.png", $"{validation}/a/3.png", $"{validation}/b/4.png", $"{test}/a/5.png",
            $"{test}/b/6.png");
        var data = Load();
        Assert.Equal(["1.png", "2.png"], Names(data.Training));
        Assert.Equal(["3.png", "4.png"], Names(data.Validation));
        Assert.Equal(["5.png", "6.png"], Names(data.Test));
        Assert.Contains(_log, line => line.Contains("so data.validation draws none", StringComparison.Ordinal));
        foreach (var from in new[] { ValidationSource.Test, ValidationSource.None })
            Assert.Contains("validation images of its own", Fails(new() { ValidationFrom = from }));
    }

    [Fact]
    public void ImagesAtAnyDepthAreRead()
    {
        var deep = string.Concat(Enumerable.Repeat("d/", 40));
        WriteGrey($"a/{deep}1.png", "a/2.png", "b/3.png", $"b/{deep}4.png");
        Directory.CreateSymbolicLink(_folder.File("a/d/loop"), _folder.File("a"));
        var data = Load(new() { Validation = 0, Test = 0.5 });
        Assert.Equal(["1.png", "2.png", "3.png", "4.png"], Names(data.Training).Concat(Names(data.Test)).Order());
        WriteGrey($"b/{string.Concat(Enumerable.Repeat("d/", 257))}5.png");
        Assert.Contains("257 deep; at most 256 were expected", Fails(new()));
    }

    [Fact]
    public void WithoutATestItIsDrawn()
    {
        WriteGrey("train/a/1.png", "train/a/2.png", "train/b/3.png", "train/b/4.png", "val/a/5.png", "val/b/6.png");
        var data = Load(new() { Test = 0.5 });
        Assert.Equal((2, 2, 2), (data.Training.Count, data.Validation.Count, data.Test.Count));
    }

    [Fact]
    public void FoldersBesideSplitsAreNamed()
    {
        WriteGrey("train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png", "extra/a/5.png");
        Load(new() { Validation = 0 });
        Assert.Contains(_log, line => line.StartsWith("warning: beside the splits", StringComparison.Ordinal) && line.EndsWith(": extra"));
        WriteGrey("training/a/7.png");
        Assert.Contains("'train' and 'training', which mean the same", Fails());
    }

    [Fact]
    public void ATrainingFolderBesideAnotherIsASplit()
    {
        WriteGrey("train/cat/1.png", "train/cat/2.png", "train/dog/3.png", "train/dog/4.png", "holdout/cat/5.png", "holdout/dog/6.png");
        var data = Load(new() { Test = 0.5, Validation = 0 });
        Assert.Equal(["cat", "dog"], data.ClassNames);
        Assert.Equal((2, 2), (data.Training.Count, data.Test.Count));
        Assert.Contains($"warning: beside the splits of '{_folder.Path}' are folders that are not read: holdout", _log);
    }

    [Fact]
    public void ImagesBesideFoldersAreNamed()
    {
        WriteGrey("train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png");
        WriteGrey("all.png", "train/montage.png", "train/overview.png", "train/.hidden.png");
        var data = Load(new() { Validation = 0 });
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal((2, 2), (data.Training.Count, data.Test.Count));
        Assert.Equal(2, _log.Count(line => line.Contains("beside its folders", StringComparison.Ordinal)));
        Assert.Contains($"warning: folder '{_folder.Path}' holds 1 image beside its folders, not read, such as 'all.png'", _log);
        var training = _folder.File("train");
        Assert.Contains($"warning: folder '{training}' holds 2 images beside its folders, not read, such as 'montage.png'", _log);
    }

    [Fact]
    public void ImagesBesideClassesAreNamed()
    {
        WriteGrey("a/1.png", "a/2.png", "b/3.png", "b/4.png", "all.png");
        Load(new() { Test = 0.5, Validation = 0 });
        Assert.Contains($"warning: folder '{_folder.Path}' holds 1 image beside its folders, not read, such as 'all.png'", _log);
    }

    [Fact]
    public void FilesBesideClassesAndSplitsAreCounted()
    {
        WriteGrey("a/1.png", "a/2.png", "b/3.png", "b/4.png");
        Write("a/notes.txt", []);
        Write("labels.csv", []);
        Load(new() { Test = 0.5, Validation = 0 });
        var line = Assert.Single(_log, line => line.Contains("of other kinds", StringComparison.Ordinal));
        Assert.StartsWith("data: 2 files of other kinds, not read: 1 .csv, 1 .txt, such as", line);
        WriteGrey("train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png");
        Load(new() { Validation = 0 });
        Assert.Contains($"data: 1 file of other kinds, not read: 1 .csv, such as '{_folder.File("labels.csv")}'", _log);
    }

    [Fact]
    public void UnreadableFilesAreNamedInTheOrderOfTheirNames()
    {
        for (var i = 0; i < 9; i++) Write($"a/{i}.png", [1, 2, 3]);
        WriteGrey("b/1.png", "b/2.png", "b/3.png");
        var message = Fails(new() { Test = 0.4, Validation = 0.4 });
        var places = Enumerable.Range(0, 5).Select(i => message.IndexOf($"{i}.png' is of no format", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
    }

    [Fact]
    public void CropsThatCannotMoveAreCounted()
    {
        for (var i = 0; i < 10; i++)
        {
            var (name, side) = ($"{(i < 5 ? "a" : "b")}/{i}.png", i % 5 == 0 ? 20 : 32);
            Write(name, TestImages.GreyPng(side, side, (y, x) => (byte)(i * 20 + y + x)));
        }

        var data = Load(new() { Crop = 20, Shift = 4, Test = 0.2, Validation = 0 });
        var small = data.Training.Samples.Count(sample => sample.Height == 20);
        Assert.Contains(
            $"data: crops of {small} of 8 training images move by less than data.shift's 4 pixels; those of 20x20 by at most 0, because "
            + "data.pad 0 leaves no more room for 20x20", _log);
        Load(new() { Crop = 20, Shift = 4, Pad = 4, Test = 0.2, Validation = 0 });
        Assert.DoesNotContain(_log, line => line.Contains("crops of", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("train_set", "test_set")]
    [InlineData("trainset", "Test-Images")]
    [InlineData("training data", "testdataset")]
    public void WordsOfSplitsMayHaveAdditions(string training, string test)
    {
        WriteGrey($"{training}/a/1.png", $"{training}/b/2.png", $"{test}/a/3.png", $"{test}/b/4.png");
        var data = Load(new() { Validation = 0 });
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal(["1.png", "2.png"], Names(data.Training));
        Assert.DoesNotContain(_log, line => line.Contains("splits", StringComparison.Ordinal));
    }

    [Fact]
    public void SplitsThatAreReadAsClassesAreNamed()
    {
        WriteGrey("seg_train/a/1.png", "seg_train/b/2.png", "seg_test/a/3.png", "seg_test/b/4.png");
        Assert.Equal(["seg_test", "seg_train"], Load(new() { Test = 0.5, Validation = 0 }).ClassNames);
        Assert.Contains(
            $"warning: folders of '{_folder.Path}' are read as classes, though their names are those of splits: seg_test, seg_train; if "
            + "they are, the names train, val and test were expected",
            _log);
    }

    [Fact]
    public void SplitsInsideClassesAreNamed()
    {
        WriteGrey("cat/train/1.png", "cat/test/2.png", "dog/train/3.png", "dog/test/4.png");
        Assert.Equal(["cat", "dog"], Load(new() { Test = 0.5, Validation = 0 }).ClassNames);
        Assert.Contains(_log, line => line.StartsWith("warning: the classes of", StringComparison.Ordinal) && line.Contains("'cat/test'"));
    }

    [Theory]
    [InlineData("photos")]
    [InlineData("download/photos")]
    public void AFolderAroundTheDataIsNotTheData(string wrapper)
    {
        WriteGrey($"{wrapper}/a/1.png", $"{wrapper}/a/2.png", $"{wrapper}/b/3.png", $"{wrapper}/b/4.png");
        Directory.CreateDirectory(_folder.File("notes"));
        var inner = _folder.File(wrapper);
        Assert.EndsWith($"at least 2 were expected, and if '{inner}' is the data set, data.path {inner}", Fails());
    }

    [Fact]
    public void AFolderAroundArchivesIsNotTheData()
    {
        Write("mnist/raw/t10k-images-idx3-ubyte", [1]);
        Assert.Contains($"if '{_folder.File("mnist/raw")}' is the data set", Fails());
        Directory.Delete(_folder.File("mnist"), recursive: true);
        WriteGrey("a/1.png", "a/2.png");
        Assert.EndsWith("holds 1 class folder; at least 2 were expected", Fails());
    }

    [Fact]
    public void FloatsBesideOtherSamplesAreNamed()
    {
        WriteGrey("a/1.png", "a/2.png", "b/3.png");
        float[] samples = [-25, -3, -10, -11];
        Write("b/4.tif", TestImages.Tiff(false, 2, 2, 32, MemoryMarshal.AsBytes<float>(samples).ToArray(), format: 3));
        Load(new() { Test = 0.5, Validation = 0, Crop = 4 });
        Assert.Contains(
            _log,
            line => line.StartsWith($"warning: 1 image, such as '{_folder.File("b/4.tif")}', have floats", StringComparison.Ordinal)
                && line.Contains("and 3, such as"));
        WriteGrey("b/4.tif");
        Load(new() { Test = 0.5, Validation = 0, Crop = 4 });
        Assert.DoesNotContain(_log, line => line.Contains("floats", StringComparison.Ordinal));
    }

    [Fact]
    public void TheShareOfLargeImagesThatIsSeenIsSaid()
    {
        WriteGrey("a/1.png", "a/2.png", "b/3.png", "b/4.png");
        Load(new() { Test = 0.5, Validation = 0, Crop = 2 });
        Assert.Contains(
            "data: 4 images are larger than the input of 2x2: the centre is seen, 25.0 % of the pixels, and the rest is not", _log);
        Load(new() { Test = 0.5, Validation = 0, Crop = 2, Resize = 3 });
        Assert.Contains(_log, line => line.Contains("images are, resized to 3x3, larger than the input of 2x2", StringComparison.Ordinal));
        Load(new() { Test = 0.5, Validation = 0, Resize = 2 });
        Assert.DoesNotContain(_log, line => line.Contains("is seen", StringComparison.Ordinal));
    }

    [Fact]
    public void AClassMayBeCalledTrain()
    {
        WriteGrey("bus/1.png", "bus/2.png", "train/3.png", "train/4.png");
        Assert.Equal(["bus", "train"], Load(new() { Test = 0.5, Validation = 0 }).ClassNames);
        WriteGrey("test/5.png", "test/6.png");
        Assert.Equal(["bus", "test", "train"], Load(new() { Test = 0.5, Validation = 0 }).ClassNames);
    }

    [Fact]
    public void ATestWithoutTrainingIsRefused()
    {
        WriteGrey("test/a/1.png", "test/b/2.png");
        Assert.Contains("has a folder 'test' but no folder 'train'", Fails());
    }

    [Fact]
    public void WhatSystemsLeaveBehindIsPassedOver()
    {
        WriteGrey("a/1.png", "a/2.png", "b/deep/3.png", "b/4.png");
        WriteGrey("@eaDir/1.png", "__MACOSX/a/._1.png", "a/@eaDir/1.png", "a/.ipynb_checkpoints/1.png", "a/._1.png", "b/deep/Thumbs.db");
        Write("a/notes.txt", [1]);
        Write("b/photo.heic", [1]);
        var data = Load(new() { Test = 0.5, Validation = 0 });
        Assert.Equal(["a", "b"], data.ClassNames);
        Assert.Equal(4, data.Training.Count + data.Test.Count);
        var line = Assert.Single(_log, line => line.Contains("not read", StringComparison.Ordinal));
        Assert.Contains("2 files of other kinds, not read: 1 .heic, 1 .txt, such as", line);
    }

    [Fact]
    public void AnEmptyFolderIsAWarningAndNoClass()
    {
        WriteGrey("a/1.png", "a/2.png", "c/3.png", "c/4.png");
        Directory.CreateDirectory(_folder.File("b"));
        Assert.Equal(["a", "c"], Load(new() { Test = 0.5, Validation = 0 }).ClassNames);
        Assert.Contains(_log, line => line.StartsWith("warning: folder '", StringComparison.Ordinal) && line.Contains("b' holds no image"));
    }

    [Fact]
    public void NamesAreComparedInOneForm()
    {
        WriteGrey("train/caf\u00e9/1.png", "train/b/2.png", "test/cafe\u0301/3.png", "test/b/4.png");
        var data = Load(new() { Validation = 0 });
        Assert.Equal(["b", "caf\u00e9"], data.ClassNames);
        Assert.Equal([1, 1], data.Test.CountByClass(2));
        WriteGrey("train/cafe\u0301/5.png");
        Assert.Contains("have the name 'caf\u00e9'", Fails());
    }

    [Fact]
    public void NoDataAndNegativeValuesAreWarned()
    {
        foreach (var name in new[] { "a/1.tif", "a/2.tif", "b/3.tif", "b/4.tif" })
        {
            float[] samples = [float.NaN, -name[2], 1, 2];
            Write(name, TestImages.Tiff(false, 2, 2, 32, MemoryMarshal.AsBytes<float>(samples).ToArray(), format: 3));
        }

        var data = Load(new() { Test = 0.5, Validation = 0, Amplitude = AmplitudeTransform.Sqrt });
        const string NoData = "2 samples without data";
        Assert.Contains(_log, line => line.StartsWith("warning: 2 training images", StringComparison.Ordinal) && line.Contains(NoData));
        Assert.Contains(_log, line => line.Contains("negative values, which data.amplitude sqrt takes as 0", StringComparison.Ordinal));
        Assert.Equal((0f, MathF.Sqrt(2)), (new DataInspection(data).Splits[0].Min, new DataInspection(data).Splits[0].Max));
    }

    [Fact]
    public void SeveralWrongImagesAreCountedAndTheFirstFiveNamed()
    {
        var whole = TestImages.GreyPng(16, 16, (y, x) => (byte)(16 * y + x));
        for (var i = 0; i < 20; i++) Write($"{(i < 10 ? "a" : "b")}/{i:00}.png", whole);
        Write("a/03.png", whole[..40]); // its header tells a size
        Assert.StartsWith($"file '{_folder.File("a/03.png")}' ", Fails());
        const string Seven = "7 of 20 images cannot be read; mend them or take them away: file '";
        foreach (var i in new[] { 0, 1, 2, 4, 5, 15 }) Write($"{(i < 10 ? "a" : "b")}/{i:00}.png", whole[..(40 + i)]);
        Named(Fails());
        Write("b/15.png", whole[..20]); // its header is torn
        Named(Fails());
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), 2, width: 0.25), seed: 1);
        var message = Assert.Throws<InputException>(() => CalibrationImages.DrawFiles(_folder.Path, model, 50, seed: 1, _log.Add)).Message;
        Assert.StartsWith(Seven, message);

        void Named(string message)
        {
            Assert.StartsWith($"{Seven}{_folder.File("a/")}", message);
            Assert.Equal(5, message.Split("file '").Length - 1);
            Assert.EndsWith("; and 2 more; data.unreadable skip leaves out what cannot be read", message);
        }
    }

    [Fact]
    public void MemoryIsCheckedForSamplesAsTheyAreKept()
    {
        WriteGrey("a.png");
        Write("b.tif", TestImages.Tiff(false, 1, 1, 32, BitConverter.GetBytes(1f), format: 3));
        Assert.Equal((1, 2), (BytesOf("a.png", resize: 0), BytesOf("a.png", resize: 8)));
        Assert.Equal((4, 4), (BytesOf("b.tif", resize: 0), BytesOf("b.tif", resize: 8)));

        int BytesOf(string name, int resize) => SampleSet.SampleBytes([SourceSample.OfFile(_folder.File(name), label: 0)], resize);
    }

    private static IEnumerable<string?> Names(SampleSet samples) => samples.Samples.Select(sample => Path.GetFileName(sample.Name));

    private void WriteGrey(params string[] names)
    {
        foreach (var name in names)
            Write(name, TestImages.GreyPng(4, 4, (y, x) => (byte)(name.Sum(c => c) + 7 * y + 3 * x)));
    }

    private void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), content);
    }

    private DataSet Load(DataOptions? options = null, long seed = 1)
    {
        _log.Clear();
        return DataSet.Load((options ?? new()) with { Kind = DataKind.Folder, Path = _folder.Path }, seed, _log.Add);
    }

    private string Fails(DataOptions? options = null) => Assert.Throws<InputException>(() => Load(options)).Message;
}
