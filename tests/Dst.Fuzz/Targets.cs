using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Dst.Images;
using Dst.Interop;
using Dst.Interop.Onnx;
using Dst.Interop.PyTorch;
using Dst.ModelFiles;
using Dst.Runtime.Inference;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Fuzz;

/// <summary>Everything that reads files.</summary>
internal static class Targets
{
    private static readonly Dictionary<string, Func<string, Target>> Makers = new()
    {
        ["model"] = name => new(
            name, [.. Networks.Files(ModelFile.Save).Append(SavedOf(Networks.Quantised)).Select(WithoutChecksum)], ReadModel),
        ["model-header"] = name => ModelHeader(name, SavedOf(Networks.All[1])),
        ["int8-header"] = name => ModelHeader(name, PlainOf(Networks.Quantised)),
        ["onnx"] = name => new(name, Networks.Files(OnnxExporter.Export), path => OnnxImporter.Import(path)),
        ["onnx-foreign"] = name => new(name, ForeignNetworks.All, path => OnnxImporter.Import(path)),
        ["pt"] = name => new(name, [StateDictFile.Pack(StateDictFile.PickleOf(Networks.Dense), Networks.Dense)], ReadStateDict),
        ["pt-pickle"] = name => new(name, [StateDictFile.PickleOf(Networks.Dense)], ReadStateDict)
        {
            Frame = pickle => StateDictFile.Pack(pickle, Networks.Dense),
        },
        ["image"] = name => new(name, ImageCorpus.All, ReadImage)
        {
            Frame = PngChecksums.Repair,
            MostBytes = 2L << 30, // ImageSharp takes room for 65,536 groups of codes of a lossless WebP, and hardly touches it
        },
        ["recipe"] = name => new(name, Recipes, ReadRecipe),
        ["npy"] = name => new(name, Arrays, path => NpyFile.Read(path)),
        ["checkpoint"] = name => new(name, [WithoutChecksum(TrainingRun.Checkpoint)], TrainingRun.Restore),
        ["summary"] = name => new(name, [TrainingRun.Summary], path => RunSummary.Load(path)),
        ["manifest"] = name => new(name, [TrainingRun.Manifest], path => RunManifest.Load(path)),
        ["metrics"] = name => new(name, [TrainingRun.Metrics], path => MetricsTable.Load(path)),
        ["test-record"] = name => new(
            name, [WithoutChecksum(TrainingRun.TestRecord)], path => Training.Experiments.Runs.TestRecord.Load(path)),
        ["plans"] = name => new(name, [Plans()], ReadPlans),
        ["cifar"] = name => new(name, [Zip(CifarTar())], ReadCifar),
        ["fusar"] = name => new(name, [Ships], ReadFusar),
        ["images-idx3"] = name => new(name, [IdxImages], ReadIdx),
        ["images.zip"] = name => new(name, [ZippedImages()], path => DataSet.Load(new() { Path = path }, seed: 1, _ => { })),
        ["cifar-tar"] = name => new(name, [CifarTar()], ReadCifar) { Frame = Zip },
    };

    /// <summary>The names.</summary>
    public static IEnumerable<string> Names => Makers.Keys;

    /// <summary>The target of a name.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static Target Of(string name) => Makers.TryGetValue(name, out var make)
        ? make(name)
        : throw new InputException($"unknown target '{name}'; {string.Join(", ", Names)} was expected");

    /// <summary>The header of a model file alone: its length and the tensors stay right, so that more is read.</summary>
    private static Target ModelHeader(string name, byte[] file)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        return new(name, [file[8..(8 + length)]], ReadModel)
        {
            Frame = header => [.. BitConverter.GetBytes((long)header.Length), .. header, .. file[(8 + length)..]],
        };
    }

    private static byte[] SavedOf(Model model) => Networks.FileOf(path => ModelFile.Save(path, model));

    /// <summary>The file of a network of 8-bit integers without its packing.</summary>
    private static byte[] PlainOf(Model model) =>
        Networks.FileOf(path => SafetensorsFile.Write(path, ModelMetadata.Write(model), ModelFile.TensorsOf(model)));

    /// <summary>A safetensors file without its checksum, so that a reader comes to values that were changed.</summary>
    private static byte[] WithoutChecksum(byte[] file)
    {
        byte[] copy = [.. file];
        "was.crc32c"u8.CopyTo(copy.AsSpan(copy.AsSpan().IndexOf("dst.crc32c"u8)));
        return copy;
    }

    /// <summary>Reads a model. If it is legal, compiles it and predicts, as long as that is little work.</summary>
    private static void ReadModel(string path)
    {
        const long little = 1 << 22;
        var model = ModelFile.Load(path);
        if (model.Graph.Nodes.Sum(node => (double)model.Graph.Shapes[node.Name].Count) > little) return;
        if (model.Graph.Parameters.Sum(parameter => (double)parameter.Count) > little) return;
        using var plan = InferencePlan.Compile(model, new() { Tune = false });
        using var session = plan.CreateSession();
        try
        {
            session.Run(new float[plan.Input.Count], 1, new float[plan.Outputs]);
        }
        catch (NotFiniteNumberException) // weights that overflow are named when outputs are computed
        {
        }
    }

    private static void ReadStateDict(string path)
    {
        using var tensors = StateDict.Open(path);
        foreach (var tensor in tensors.Tensors.Where(tensor => tensor.Type == "float32")) tensor.Read();
        StateDictImporter.Import(tensors, Networks.Dense.Graph);
    }

    private static void ReadImage(string path)
    {
        var image = ImageFile.Read(path);
        foreach (var fit in Enum.GetValues<ResizeFit>())
        {
            var normalisation = InputNormalisation.None(image.Channels) with { Resize = new(9, 12), Fit = fit };
            Preprocessor.Prepare(image, normalisation, new(image.Channels, 8, 8), new float[image.Channels * 64]);
        }
    }

    private static void ReadRecipe(string path)
    {
        var recipe = RecipeFile.Load(path);
        var again = RecipeFile.Parse("again", RecipeFile.Write(recipe));
        if (RecipeFile.Differences(recipe, again) is [var difference, ..])
            throw new InvalidDataException($"the recipe is another one after it is written and read: {difference}");
    }

    /// <summary>Compiles a network with a file of measurements, which is read, used and written.</summary>
    private static void ReadPlans(string path)
    {
        using var plan = InferencePlan.Compile(OneLayer, new() { Cache = new(path, warn: _ => { }) });
    }

    /// <summary>A file of measurements, with other times than those measured, so that it is the same each time.</summary>
    private static byte[] Plans() => Encoding.UTF8.GetBytes(
        Regex.Replace(Encoding.UTF8.GetString(Networks.FileOf(ReadPlans)), "\"ms\":[^,}]+", "\"ms\":0.5"));

    private static Model OneLayer { get; } = Training.Networks.Initialiser.Initialise(
        new(new("one", new(1, 4, 4), [new("conv", new Graph.Conv2dOp(1, 3, 3), ["input"])])), seed: 1);

    private static void ReadCifar(string path) =>
        DataSet.Load(new() { Kind = DataKind.Cifar100, Path = path }, seed: 1, _ => { });

    /// <summary>18 images of 3×2 pixels.</summary>
    private static byte[] IdxImages =>
        [0, 0, 8, 3, 0, 0, 0, 18, 0, 0, 0, 3, 0, 0, 0, 2, .. Enumerable.Range(0, 18 * 6).Select(i => (byte)(7 * i))];

    private static void ReadIdx(string path)
    {
        var labels = Path.Combine(Path.GetDirectoryName(path)!, "labels-idx1");
        if (!File.Exists(labels))
            File.WriteAllBytes(labels, [0, 0, 8, 1, 0, 0, 0, 18, .. Enumerable.Range(0, 18).Select(i => (byte)(i % 3))]);
        DataSet.Load(new() { Kind = DataKind.Idx, Path = path }, seed: 1, _ => { });
    }

    /// <summary>The table of FUSAR-Ship: which ship each image shows.</summary>
    private static byte[] Ships =>
        Encoding.UTF8.GetBytes("path,mmsi\n" + string.Concat(Enumerable.Range(0, 8).Select(i => $"\"a/Ship_{i}.pgm\",{200 + i / 2}\n")));

    private static void ReadFusar(string path)
    {
        var folder = Path.Combine(Path.GetDirectoryName(path)!, "ships");
        for (var i = 0; i < 8 && !File.Exists(Path.Combine(folder, i % 2 == 0 ? "Cargo" : "Fishing", "a", $"Ship_{i}.pgm")); i++)
        {
            var inner = Directory.CreateDirectory(Path.Combine(folder, i % 2 == 0 ? "Cargo" : "Fishing", "a"));
            File.WriteAllText(Path.Combine(inner.FullName, $"Ship_{i}.pgm"), $"P2 2 1 255 {i} {2 * i}");
        }

        File.Copy(path, Path.Combine(folder, "meta.csv"), overwrite: true);
        DataSet.Load(new() { Kind = DataKind.Fusar, Path = folder, Test = 0.25, Validation = 0.25 }, seed: 1, _ => { });
    }

    private static byte[] CifarTar()
    {
        var records = new byte[6 * (2 + 3072)];
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar))
        {
            foreach (var (name, content) in new[]
            {
                ("train.bin", records), ("test.bin", records), ("fine_label_names.txt", "apple\nbear\n"u8.ToArray()),
            })
            {
                PaxTarEntry entry = new(TarEntryType.RegularFile, $"cifar-100-binary/{name}");
                (entry.DataStream, entry.ModificationTime) = (new MemoryStream(content), DateTimeOffset.UnixEpoch);
                writer.WriteEntry(entry);
            }
        }

        return tar.ToArray();
    }

    private static byte[] Zip(byte[] content)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest)) gzip.Write(content);
        return zipped.ToArray();
    }

    /// <summary>Six images of two classes.</summary>
    private static byte[] ZippedImages()
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = 0; i < 6; i++)
            {
                var entry = zip.CreateEntry($"photos/{(i % 2 == 0 ? "cats" : "dogs")}/{i}.pgm");
                entry.LastWriteTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var content = entry.Open();
                content.Write(Encoding.UTF8.GetBytes($"P2 2 1 255 {i} {2 * i}"));
            }
        }

        return file.ToArray();
    }

    private static byte[][] Recipes =>
    [
        Encoding.UTF8.GetBytes(TrainingRun.Recipe),
        Encoding.UTF8.GetBytes(RecipeFile.Write(RecipeFile.Parse("tiny", TrainingRun.Recipe))),
    ];

    private static byte[][] Arrays =>
    [
        Networks.FileOf(path => NpyFile.Write(path, [2, 3, 1, 1], new float[6])),
        Networks.FileOf(path => NpyFile.Write(path, [4], new float[4])),
    ];
}
