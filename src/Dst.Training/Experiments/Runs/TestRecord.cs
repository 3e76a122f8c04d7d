using System.Text.Json;
using Dst.Foundations;
using Dst.ModelFiles;
using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Training.Experiments.Runs;

/// <summary>A test image that was taken for another class.</summary>
/// <param name="Index">Its number in the test data.</param>
/// <param name="Name">File, or archive member and number.</param>
/// <param name="Picture">How it looks.</param>
/// <seealso cref="TestRecord"/>
public sealed record Mistake(int Index, string Name, Thumbnail Picture);

/// <summary>
/// What an arm says of each test image, and pictures of some that it takes for another class: <c>&lt;arm&gt;-test.safetensors</c>.
/// docs/formats.md describes the file.
/// </summary>
/// <param name="ClassNames">Class names in label order.</param>
/// <param name="Predictions">One for each test image, in their order.</param>
/// <param name="Mistakes">The surest mistakes of the pairs of classes that are confused most.</param>
public sealed record TestRecord(
    IReadOnlyList<string> ClassNames, IReadOnlyList<LabelledPrediction> Predictions, IReadOnlyList<Mistake> Mistakes)
{
    private const string Format = "dst-test";
    private const string Version = "1";
    private const string ClassNamesKey = "class_names", MistakeNamesKey = "mistake_names";
    private const string Labels = "labels", Predicted = "predicted", Confidence = "confidence";
    private const string MistakeIndices = "mistake_indices", Pictures = "mistake_pictures";
    private const int Pairs = 6;
    private const int MistakesPerPair = 4;

    /// <summary>Name of an arm's file.</summary>
    public static string FileOf(string arm) => $"{arm}-test.safetensors";

    /// <summary>Counts of the predictions by [label][prediction].</summary>
    public ConfusionMatrix Confusion
    {
        get
        {
            var counts = new ConfusionMatrix(ClassNames.Count);
            foreach (var prediction in Predictions) counts.Add(prediction.Label, prediction.Predicted);
            return counts;
        }
    }

    /// <summary>The record of the predictions of all test images.</summary>
    internal static TestRecord Of(DataSet data, IReadOnlyList<LabelledPrediction> predictions)
    {
        var worst = predictions.Index().Where(image => image.Item.Label != image.Item.Predicted)
            .GroupBy(image => (image.Item.Label, image.Item.Predicted))
            .OrderByDescending(pair => pair.Count()).ThenBy(pair => pair.Key).Take(Pairs)
            .SelectMany(pair => pair.OrderByDescending(image => image.Item.Confidence).ThenBy(image => image.Index).Take(MistakesPerPair));
        var mistakes = worst.Select(image =>
        {
            var sample = data.Test.Samples[image.Index];
            return new Mistake(image.Index, sample.Name, Thumbnail.Of(data, sample));
        });
        return new(data.ClassNames, predictions, [.. mistakes]);
    }

    /// <summary>Writes the file atomically.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    internal void Save(string path)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["version"] = Version,
            [ClassNamesKey] = JsonSerializer.Serialize(ClassNames),
            [MistakeNamesKey] = JsonSerializer.Serialize(Mistakes.Select(mistake => mistake.Name)),
        };
        int[] count = [Predictions.Count];
        List<TensorEntry> tensors =
        [
            new(Labels, count, [.. Predictions.Select(prediction => (long)prediction.Label)]),
            new(Predicted, count, [.. Predictions.Select(prediction => (long)prediction.Predicted)]),
            new(Confidence, count, [.. Predictions.Select(prediction => prediction.Confidence)]),
        ];
        if (Mistakes.Count > 0)
        {
            var first = Mistakes[0].Picture;
            tensors.Add(new(MistakeIndices, [Mistakes.Count], [.. Mistakes.Select(mistake => (long)mistake.Index)]));
            tensors.Add(new(
                Pictures, [Mistakes.Count, first.Height, first.Width, first.Channels],
                [.. Mistakes.SelectMany(mistake => mistake.Picture.Pixels)]));
        }

        SafetensorsFile.Write(path, metadata, tensors);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It cannot be read or is no such file.</exception>
    public static TestRecord Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (file.ReadMetadata("format") != Format || file.ReadMetadata("version") != Version)
            throw file.Malformed(
                $"has the format '{file.ReadMetadata("format")}' version '{file.ReadMetadata("version")}'; '{Format}' version '{Version}' "
                + "was expected");
        var classes = ReadNames(file, ClassNamesKey);
        var count = file.Tensors.TryGetValue(Labels, out var info) && info.Shape is [var images] ? images : 0;
        if (count == 0) throw file.Malformed($"has no predictions in the tensor '{Labels}'; one for each test image was expected");
        var labels = ReadIndices(file, Labels, count, classes.Length);
        var predicted = ReadIndices(file, Predicted, count, classes.Length);
        var confidence = file.ReadFloats(Confidence, count);
        if (Array.FindIndex(confidence, value => value is not (>= 0 and <= 1)) is >= 0 and var odd)
            throw file.Malformed(Invariant($"has the confidence {confidence[odd]}; 0 to 1 was expected"));
        return new(
            classes, [.. labels.Select((label, i) => new LabelledPrediction(label, predicted[i], confidence[i]))],
            ReadMistakes(file, count));
    }

    private static List<Mistake> ReadMistakes(SafetensorsReader file, int images)
    {
        var names = ReadNames(file, MistakeNamesKey);
        if (names.Length == 0) return [];
        var shape = file.Tensors.TryGetValue(Pictures, out var info) ? info.Shape : [];
        if (names.Length > Pairs * MistakesPerPair
            || shape is not [_, >= 1 and <= Thumbnail.MaxSide, >= 1 and <= Thumbnail.MaxSide, 1 or 3])
            throw file.Malformed(
                $"has {names.Length} pictures of the shape [{string.Join(", ", shape)}]; at most {Pairs * MistakesPerPair} grey or RGB "
                + $"ones of 1 to {Thumbnail.MaxSide} pixels a side were expected");
        var indices = ReadIndices(file, MistakeIndices, names.Length, images);
        var pixels = file.ReadBytes(Pictures, names.Length, shape[1], shape[2], shape[3]);
        var size = pixels.Length / names.Length;
        return [.. names.Select((name, i) => new Mistake(
            indices[i], name, new(shape[3], shape[1], shape[2], pixels[(i * size)..((i + 1) * size)])))];
    }

    private static int[] ReadIndices(SafetensorsReader file, string name, int count, int below)
    {
        var values = file.ReadLongs(name, count);
        foreach (var value in values)
            if (value < 0 || value >= below) throw file.Malformed($"has {value} in the tensor '{name}'; 0 to {below - 1} was expected");
        return Array.ConvertAll(values, value => (int)value);
    }

    private static string[] ReadNames(SafetensorsReader file, string key)
    {
        try
        {
            var names = JsonSerializer.Deserialize<string[]>(file.ReadMetadata(key));
            return names is not null && Array.TrueForAll(names, name => name is not null)
                ? names
                : throw file.Malformed($"has a null in '{key}'; names were expected");
        }
        catch (JsonException e)
        {
            throw file.Malformed($"has '{key}' that cannot be read ({JsonProblem.Describe(e)}); a list of names was expected", e);
        }
    }
}
