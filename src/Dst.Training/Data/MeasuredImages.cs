using System.Buffers.Binary;
using System.IO.Hashing;

namespace Dst.Training.Data;

/// <summary>Recognises the images that measure a model, by the hashes in its file.</summary>
internal static class MeasuredImages
{
    private const int NoLabel = -1;

    private static readonly double[] UsualValidation = [0.1, 0.2]; // what is chosen for many and for few images

    /// <summary>
    /// Full paths of the validation and test images of a model's run, if the folder is the data of that run, split by the usual settings,
    /// or one of these splits alone. Empty for any other folder.
    /// </summary>
    /// <param name="folder">A folder, or an archive that is open.</param>
    /// <param name="splits">The splits of the run.</param>
    public static HashSet<string> In(string folder, DataSplits splits)
    {
        try
        {
            var options = DataKinds.Resolve(new() { Path = folder, AllowsSmallClasses = true }, _ => { });
            var source = SourceData.Open(options, _ => { }, default);
            var drawn = Array.ConvertAll(
                UsualValidation,
                share => SourceSplits.Draw(source, options with { Validation = share }, splits.Seed, _ => { }, default));
            SourceSample[] all = [.. source.Labelled];
            var hashes = all.Zip(ParallelRead.All(all, sample => Sample.HashOf(sample.Read()), default)).ToDictionary();
            (string Split, IReadOnlyList<SourceSample> Samples)[] candidates =
            [
                .. drawn.Select(split => ("validation", split.Validation)), ("test", drawn[0].Test), ("validation", all), ("test", all),
            ];
            var found = candidates.Where(candidate =>
                splits.Hashes.GetValueOrDefault(candidate.Split)
                == HashOf(candidate.Samples.Select(sample => (hashes[sample], sample.Label))));
            return [.. found.SelectMany(candidate => candidate.Samples).Select(sample => sample.Name)];
        }
        catch (InputException) // images without labels
        {
            return [];
        }
    }

    /// <summary>Hash of the images and labels of a split, in their order.</summary>
    public static string HashOf(IEnumerable<(UInt128 Hash, int? Label)> samples)
    {
        var hash = new XxHash128();
        Span<byte> entry = stackalloc byte[16 + sizeof(int)];
        foreach (var sample in samples)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(entry, sample.Hash);
            BinaryPrimitives.WriteInt32LittleEndian(entry[16..], sample.Label ?? NoLabel);
            hash.Append(entry);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
