using System.Runtime.InteropServices;

namespace Dst.Runtime;

/// <summary>The processor that this process runs on.</summary>
public static class Processor
{
    /// <summary>Its model, or its architecture where the system does not tell.</summary>
    public static string Name { get; } = ReadName();

    private static string ReadName()
    {
        const string file = "/proc/cpuinfo";
        if (!File.Exists(file)) return RuntimeInformation.ProcessArchitecture.ToString();
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
