namespace Dst.Interop.Tests.Distributed;

/// <summary>A test that mounts disks or makes networks: it is skipped, with a line, where that is not allowed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || !CanUnshare())
            Skip = "only the system's owner may mount disks and make network namespaces";
    }

    /// <summary>Whether a network namespace can be made: containers may be refused.</summary>
    private static bool CanUnshare()
    {
        try
        {
            using var process = System.Diagnostics.Process.Start("unshare", ["--net", "--mount", "true"]);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
