using Dst.Foundations;

namespace Dst.ModelFiles;

/// <summary>The strings that a file holds besides its tensors.</summary>
/// <param name="Path">The file's name as it was given; messages begin with it.</param>
/// <param name="Values">Strings by key.</param>
internal sealed record MetadataStrings(string Path, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>The string of a key.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public string Read(string key) =>
        Values.TryGetValue(key, out var value) ? value : throw Malformed($"has no '{key}' in its metadata, which was expected");

    /// <summary>The error that names the file. A quotation from the file is cut to a readable length.</summary>
    public InputException Malformed(string problem, Exception? cause = null)
    {
        var message = $"{Path}: {Phrases.Shorten(problem, 400)}";
        return cause is null ? new(message) : new(message, cause);
    }
}
