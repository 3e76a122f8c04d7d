using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Dst.Cli.Usage;
using Dst.Images;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Runtime;

namespace Dst.Cli.Commands;

/// <summary><c>dst doctor</c>: what this machine offers.</summary>
internal static class DoctorCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "doctor",
            "Shows what this machine offers: processor, vector width in use, memory, disk and the kinds of images that it reads.",
            "doctor",
            "doctor --json")
        {
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var machine = Examine(call.Tier);
        call.Report.Write(new(machine, Describe(machine)));
    }

    private static Machine Examine(SimdTier tier) => new(
        Cpu: Processor.Name,
        Cores: Environment.ProcessorCount,
        Tier: tier,
        BestTier: SimdTiers.Best,
        FusedMultiplyAdd: Fma.IsSupported || AdvSimd.IsSupported,
        ByteProducts: SimdTiers.HasByteProducts,
        Runtime: RuntimeInformation.FrameworkDescription,
        System: RuntimeInformation.OSDescription,
        FreeMemoryBytes: FreeMemory(),
        FreeDiskBytes: new DriveInfo(Environment.CurrentDirectory).AvailableFreeSpace,
        ImageFormats: ImageFile.Formats);

    private static Lines Describe(Machine machine)
    {
        const double Gibibyte = 1L << 30;
        var forced = machine.Tier == machine.BestTier
            ? ""
            : $" (the best is {machine.BestTier}; {CommandLine.TierVariable} says otherwise)";
        return new([
            $"processor     {machine.Cpu}, {machine.Cores} cores",
            $"vectors       {machine.Tier}{forced}, fused multiply-add: {YesNo(machine.FusedMultiplyAdd)}, "
                + $"products of bytes: {YesNo(machine.ByteProducts)}",
            $"runtime       {machine.Runtime} on {machine.System}",
            $"free memory   {machine.FreeMemoryBytes / Gibibyte:F1} GiB",
            $"free disk     {machine.FreeDiskBytes / Gibibyte:F1} GiB here",
            $"images        {string.Join(", ", machine.ImageFormats)}",
        ]);
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static long FreeMemory()
    {
        const string File = "/proc/meminfo";
        var line = System.IO.File.Exists(File)
            ? System.IO.File.ReadLines(File).FirstOrDefault(l => l.StartsWith("MemAvailable", StringComparison.Ordinal))
            : null;
        return line is null
            ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
            : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    private sealed record Machine(
        string Cpu, int Cores, SimdTier Tier, SimdTier BestTier, bool FusedMultiplyAdd, bool ByteProducts,
        string Runtime, string System, long FreeMemoryBytes, long FreeDiskBytes, IReadOnlyList<string> ImageFormats);
}
