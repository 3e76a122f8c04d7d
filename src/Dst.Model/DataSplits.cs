namespace Dst;

/// <summary>The splits of the data that a model was trained on: images of the same splits are not those that trained it.</summary>
/// <param name="Seed">Seed of the run, which drew them.</param>
/// <param name="Hashes">Hash of the images and labels of each split that measures a model, by its name.</param>
public sealed record DataSplits(long Seed, IReadOnlyDictionary<string, string> Hashes);
