using System.Reflection;

namespace Dst.Foundations;

/// <summary>Which build of DST this is.</summary>
public static class ProgramVersion
{
    // The SDK writes "version+commit" when it builds in a repository.
    private static readonly string[] Parts =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+', 2);

    /// <summary>The version.</summary>
    public static string Version => Parts[0];

    /// <summary>The commit that it was built from, or null if it was built outside a repository.</summary>
    public static string? Commit => Parts.Length == 2 ? Parts[1] : null;
}
