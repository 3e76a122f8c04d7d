using System.Runtime.CompilerServices;

namespace Dst.Tests;

/// <summary>Keeps the tests, and the processes that they start, away from the user's own cache.</summary>
internal static class UserCache
{
    [ModuleInitializer]
    internal static void Redirect()
    {
        var folder = Directory.CreateTempSubdirectory("dst-tests-cache-").FullName;
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
    }
}
