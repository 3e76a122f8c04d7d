namespace Dst.Foundations;

/// <summary>Finds a name that must be unique and is not.</summary>
public static class Duplicate
{
    /// <summary>A text that is twice in a list, or null.</summary>
    public static string? Find(IEnumerable<string> texts) =>
        texts.CountBy(text => text).Where(text => text.Value > 1).Select(text => text.Key).FirstOrDefault();
}
