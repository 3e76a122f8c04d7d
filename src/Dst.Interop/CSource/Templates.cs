namespace Dst.Interop.CSource;

/// <summary>Pieces of C, embedded in this assembly. <c>@WORD@</c> stands for what depends on the network.</summary>
internal static class Templates
{
    /// <summary>A template with its words replaced.</summary>
    public static string Read(string name, params (string Word, string Text)[] words)
    {
        using var stream = typeof(Templates).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"there is no template {name}");
        using var reader = new StreamReader(stream);
        return words.Aggregate(reader.ReadToEnd(), (text, word) => text.Replace($"@{word.Word}@", word.Text, StringComparison.Ordinal));
    }
}
