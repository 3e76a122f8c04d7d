using System.ComponentModel;
using System.Diagnostics;

namespace Dst.Interop.Tests.CSource;

/// <summary>Runs compilers, emulators and checkers; a missing one fails the test with the name of its package.</summary>
internal static class Tool
{
    // Ends what hangs. A tutorial takes minutes, and several times as long on a machine that does other things.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    private static readonly Dictionary<string, string> Packages = new()
    {
        ["aarch64-linux-gnu-gcc"] = "gcc-aarch64-linux-gnu and libc6-dev-arm64-cross",
        ["arm-linux-gnueabihf-gcc"] = "gcc-arm-linux-gnueabihf and libc6-dev-armhf-cross",
        ["arm-none-eabi-gcc"] = "gcc-arm-none-eabi and libnewlib-dev",
        ["riscv64-linux-gnu-gcc"] = "gcc-riscv64-linux-gnu and libc6-dev-riscv64-cross",
        ["mpirun"] = "openmpi-bin",
        ["qemu-aarch64"] = "qemu-user",
        ["qemu-arm"] = "qemu-user",
        ["qemu-riscv64"] = "qemu-user",
        ["qemu-system-arm"] = "qemu-system-arm",
    };

    /// <summary>Runs a tool in a folder and returns its exit code and its output.</summary>
    public static (int ExitCode, string Output) Run(string folder, string tool, params string[] arguments)
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
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"'{tool} {string.Join(' ', arguments)}' did not end within {Limit.TotalMinutes} minutes");
            }

            return (process.ExitCode, output.Result + errors.Result);
        }
        catch (Win32Exception)
        {
            Assert.Fail($"'{tool}' is missing; install the package {Packages.GetValueOrDefault(tool, tool)}");
            throw;
        }
    }

    /// <summary>Compiles an exported source with warnings as errors, runs its test and returns the output.</summary>
    /// <param name="folder">The source.</param>
    /// <param name="compiler">CC.</param>
    /// <param name="flags">CFLAGS beside the warnings.</param>
    /// <param name="emulator">RUN: what runs the test, or empty.</param>
    public static string MakeTest(string folder, string compiler, string flags, string emulator = "")
    {
        foreach (var tool in new[] { compiler, emulator.Split(' ')[0] }.Where(tool => tool.Length > 0)) Run(folder, tool, "--version");
        var (exitCode, output) = Run(
            folder, "make", "--silent", "clean", "test", $"CC={compiler}", $"CFLAGS={flags} -Werror", $"RUN={emulator}");
        Assert.True(exitCode == 0, $"{compiler} {flags}: {output}");
        return output;
    }
}
