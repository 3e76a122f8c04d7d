using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Dst.Interop.CSource;

/// <summary>The C compiler of this machine (<c>cc</c>) and the tools beside it.</summary>
internal static class HostCompiler
{
    /// <summary>Bytes of code and tables that <c>cc -O3</c> makes from a source file, or null if there is no compiler.</summary>
    public static long? CodeBytes(string folder, string name)
    {
        if (Run("cc", folder, "-std=c99", "-O3", "-c", "-o", "code.o", $"{name}.c") is not { ExitCode: 0 }) return null;
        // The second line has the numbers below "text data bss dec hex filename".
        if (Run("size", folder, "code.o") is not { ExitCode: 0 } size) return null;
        var numbers = size.Output.Split('\n')[1].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(numbers[0], CultureInfo.InvariantCulture) + long.Parse(numbers[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Runs <c>make test</c>; null if there is no <c>make</c>.</summary>
    public static ToolResult? Test(string folder) => Run("make", folder, "--silent", "test", "clean");

    private static ToolResult? Run(string tool, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new(process.ExitCode, output, errors.GetAwaiter().GetResult());
        }
        catch (Win32Exception)
        {
            return null; // the tool is not installed
        }
    }
}

/// <summary>The exit code and output of a tool.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors);
