namespace Dst.Cli.Usage;

/// <summary>What one types to call the program.</summary>
internal static class ProgramName
{
    /// <summary><c>./dst</c> in a checkout of the sources; <c>dst</c> for an installed tool, and on Windows.</summary>
    public static string Value { get; } = IsInCheckout() && !OperatingSystem.IsWindows() ? "./dst" : "dst";

    private static bool IsInCheckout()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Dst.slnx"))) folder = folder.Parent;
        return folder is not null;
    }
}
