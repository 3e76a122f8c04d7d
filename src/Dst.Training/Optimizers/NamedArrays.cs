namespace Dst.Training.Optimizers;

/// <summary>Arrays of training state under the names by which a checkpoint holds them.</summary>
internal static class NamedArrays
{
    /// <summary>Overwrites each target with the source of the same name, after all of them have been checked.</summary>
    /// <exception cref="InputException">A source is missing or has another length; no target has been changed.</exception>
    public static void Restore(IEnumerable<(string Name, float[] Data)> targets, IReadOnlyDictionary<string, float[]> sources)
    {
        var pairs = new List<(float[] Source, float[] Target)>();
        foreach (var (name, data) in targets)
        {
            if (!sources.TryGetValue(name, out var source))
                throw new InputException($"the checkpoint has no array '{name}'; {data.Length} values were expected");
            if (source.Length != data.Length)
                throw new InputException($"the checkpoint's array '{name}' has {source.Length} values; {data.Length} were expected");
            pairs.Add((source, data));
        }

        foreach (var (source, target) in pairs) source.CopyTo(target, 0);
    }
}
