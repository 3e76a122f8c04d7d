using System.Runtime.InteropServices;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>An overview of a data set: counts, sizes, values, leaks, and a picture of its classes.</summary>
public sealed class DataInspection
{
    private readonly DataSet _data;

    /// <summary>Reads every image of every split.</summary>
    public DataInspection(DataSet data)
    {
        ArgumentNullException.ThrowIfNull(data);
        _data = data;
        Splits = [.. data.Splits.Select(Inspect)];
        Leaks = LeakCheck.Find(data);
    }

    /// <summary>The splits of <see cref="DataSet.Splits"/>.</summary>
    public IReadOnlyList<SplitInspection> Splits { get; }

    /// <summary>What two splits share but should not.</summary>
    public IReadOnlyList<Leak> Leaks { get; }

    /// <summary>
    /// Writes a PNG with a row for each class: its first training images as the network sees them (centre crop, amplitude transform
    /// and smoothing, without normalisation). Floats are drawn from the smallest value, black, to the largest, white; the contrast of
    /// samples of 16 bits is stretched where they use the lowest quarter of their range alone. Of bands that are not RGB the first is
    /// drawn. Classes and images beyond the largest legal size of an image are left out.
    /// </summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void WriteGrid(string path, int imagesPerClass = 8)
    {
        var shape = _data.Shape;
        var grid = new PictureGrid(shape.Channels, shape.Height, shape.Width, _data.ClassNames.Count, imagesPerClass);
        var rows = _data.Training.Samples.Where(sample => sample.Label < grid.Rows).GroupBy(sample => sample.Label!.Value)
            .Select(members => (Label: members.Key, Samples: members.Take(grid.Columns).ToList())).ToList();
        var (black, white) = ContrastOf([.. rows.SelectMany(row => row.Samples)]);
        var amplitudes = new float[shape.Count];
        foreach (var (label, samples) in rows)
        {
            foreach (var (column, sample) in samples.Index())
            {
                Statistics.ReadCentreCrop(sample, _data.Options, shape, amplitudes);
                grid.Draw(label, column, amplitudes, black, white);
            }
        }

        grid.Write(path);
    }

    // One contrast for all pictures, so that they can be compared. Of many pixels some tell.
    private (float Black, float White) ContrastOf(IReadOnlyList<Sample> samples)
    {
        const long values = 1 << 20;
        if (samples[0].Window.IsFloat) return (Splits[0].Min, Splits[0].Max);
        var shape = _data.Shape;
        var drawn = (shape.Channels == 3 ? 3 : 1) * shape.Height * shape.Width;
        var step = (int)((long)samples.Count * drawn / values) + 1;
        var (amplitudes, some) = (new float[shape.Count], new List<float>());
        foreach (var sample in samples)
        {
            Statistics.ReadCentreCrop(sample, _data.Options, shape, amplitudes);
            for (var i = 0; i < drawn; i += step) some.Add(amplitudes[i]);
        }

        return Contrast.Of(samples[0].BitsPerSample, CollectionsMarshal.AsSpan(some));
    }

    private SplitInspection Inspect(SampleSet samples)
    {
        var amplitudes = new float[_data.Shape.Count];
        var (min, max, sum) = (float.PositiveInfinity, float.NegativeInfinity, 0.0);
        foreach (var sample in samples.Samples)
        {
            Statistics.ReadCentreCrop(sample, _data.Options, _data.Shape, amplitudes);
            foreach (var value in amplitudes)
            {
                min = Math.Min(min, value);
                max = Math.Max(max, value);
                sum += value;
            }
        }

        var classCounts = samples.CountByClass(_data.ClassNames.Count);
        var sizes = samples.Samples.GroupBy(sample => (sample.Height, sample.Width))
            .Select(group => new SizeCount(group.Key.Height, group.Key.Width, group.Count()))
            .OrderByDescending(size => size.Count);
        var count = samples.Count * _data.Shape.Count;
        return count == 0
            ? new(samples.Name, samples.Count, classCounts, [.. sizes], Min: 0, Max: 0, Mean: 0)
            : new(samples.Name, samples.Count, classCounts, [.. sizes], min, max, sum / count);
    }
}

/// <summary>How many images have one size.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Count">Images of this size.</param>
public sealed record SizeCount(int Height, int Width, int Count);

/// <summary>Counts and values of one split.</summary>
/// <param name="Name">Name of the split.</param>
/// <param name="Count">Images.</param>
/// <param name="ClassCounts">Images of each class, in label order.</param>
/// <param name="Sizes">Sizes of the images as they were read, the most frequent first.</param>
/// <param name="Min">Smallest amplitude in the centre crops, after the amplitude transform and smoothing.</param>
/// <param name="Max">Largest amplitude.</param>
/// <param name="Mean">Mean amplitude.</param>
public sealed record SplitInspection(
    string Name, int Count, IReadOnlyList<int> ClassCounts, IReadOnlyList<SizeCount> Sizes, float Min, float Max, double Mean);
