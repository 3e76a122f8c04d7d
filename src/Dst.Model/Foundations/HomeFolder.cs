namespace Dst.Foundations;

/// <summary>Paths that begin with <c>~/</c>, where no shell has put the user's home folder in its place.</summary>
/// <example><code>var runs = HomeFolder.Expand("~/runs"); // such as /home/ada/runs</code></example>
public static class HomeFolder
{
    /// <summary>The path with the user's home folder in place of a leading <c>~</c>; any other text as it is.</summary>
    public static string Expand(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path is ['~', var separator, ..] && (separator == '/' || separator == Path.DirectorySeparatorChar)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..])
            : path;
    }
}
