using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Dst.Interop.CSource;

/// <summary>The C compiler of this machine (<c>cc</c>) and the tools beside it.</summary>
internal static class HostCompiler
{
    // A prediction calls its layer, that calls a loop over pixels, and that calls a tile.
    private const int CallDepth = 4;

    /// <summary>Measures a source file as <c>cc -O2</c> compiles it.</summary>
    /// <param name="folder">Folder of the source; it gets what the compiler writes.</param>
    /// <param name="name">Name of the source file without <c>.c</c>.</param>
    /// <param name="cancellation">Ends the compiler.</param>
    public static CodeSize Measure(string folder, string name, CancellationToken cancellation)
    {
        string[] options = ["-std=c99", "-O2", "-fno-asynchronous-unwind-tables", "-fstack-usage"];
        var compiled = Run("cc", folder, cancellation, [.. options, "-c", "-o", "code.o", $"{name}.c"]);
        if (compiled is null) return new(null, null, "there is no C compiler (cc) here");
        if (compiled.ExitCode != 0) return new(null, null, $"cc does not compile it: {compiled.Errors.Split('\n')[0]}");
        return new(CodeBytes(folder, cancellation), StackBytes(Path.Combine(folder, "code.su")), null);
    }

    /// <summary>Runs <c>make test</c>; null if there is no <c>make</c>.</summary>
    /// <param name="folder">Folder of the source.</param>
    /// <param name="data">NumPy files of inputs and logits to compare with, or empty to compare with the logits of the runtime.</param>
    /// <param name="cancellation">Ends make and what it started.</param>
    public static ToolResult? Test(string folder, string data, CancellationToken cancellation) =>
        Run("make", folder, cancellation, "--silent", "test", "clean", $"DATA={data}");

    private static long? CodeBytes(string folder, CancellationToken cancellation)
    {
        // The second line has the numbers below "text data bss dec hex filename".
        if (Run("size", folder, cancellation, "code.o") is not { ExitCode: 0 } size) return null;
        var numbers = size.Output.Split('\n')[1].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(numbers[0], CultureInfo.InvariantCulture) + long.Parse(numbers[1], CultureInfo.InvariantCulture);
    }

    /// <summary>The sum of the largest frames. Each line is <c>file:line:column:function, tab, bytes, tab, kind</c>.</summary>
    private static long? StackBytes(string usage) => !File.Exists(usage) ? null : File.ReadLines(usage)
        .Select(line => long.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture)).OrderDescending().Take(CallDepth).Sum();

    private static ToolResult? Run(string tool, string folder, CancellationToken cancellation, params string[] arguments)
    {
        cancellation.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            using var registration = cancellation.Register(() => process.Kill(entireProcessTree: true));
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            cancellation.ThrowIfCancellationRequested();
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

/// <summary>What a compiler makes of a source file.</summary>
/// <param name="CodeBytes">Code and tables, or null if not known.</param>
/// <param name="StackBytes">The most that the frames of nested calls take, or null if not known.</param>
/// <param name="Problem">Why nothing is known, or null.</param>
internal sealed record CodeSize(long? CodeBytes, long? StackBytes, string? Problem);
