using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Dst.Interop.Onnx;
using Dst.Kernels.Simd;

namespace Dst.Cli.Bench;

/// <summary>
/// ONNX Runtime in a process of its own, the program <c>bench/peers/onnxruntime</c> of the sources: no part of this program knows its
/// package.
/// </summary>
internal sealed class OnnxRuntimePeer : IDisposable
{
    private const string Project = "bench/peers/onnxruntime/OnnxRuntimePeer.csproj";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dst-peer-");
    private readonly Process _process;

    /// <summary>Starts it with a model, exported as a dense network, and runs it once.</summary>
    /// <param name="program">Of <see cref="Build"/>.</param>
    /// <param name="model">The network.</param>
    /// <param name="images">A batch.</param>
    /// <param name="batch">Images in it.</param>
    /// <param name="threads">Threads that share it.</param>
    /// <param name="tier">Our vectors. With those of 256 bits, longer ones are hidden from it where the processor can do so.</param>
    /// <exception cref="InputException">The network cannot be exported, or the program fails.</exception>
    public OnnxRuntimePeer(string program, Model model, float[] images, int batch, int threads, SimdTier tier)
    {
        string[] files = [.. new[] { "model.onnx", "images", "outputs" }.Select(name => Path.Combine(_folder.FullName, name))];
        OnnxExporter.Export(files[0], model);
        File.WriteAllBytes(files[1], MemoryMarshal.AsBytes(images.AsSpan()));
        var vectors = tier == SimdTier.V256 ? "256" : "any";
        _process = Process.Start(new ProcessStartInfo("dotnet", [program, .. files, $"{batch}", $"{threads}", vectors])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Version = ReadLine();
        IsRestricted = ReadLine() == "256";
        Outputs = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(files[2])).ToArray();
    }

    /// <summary>Version of ONNX Runtime.</summary>
    public string Version { get; }

    /// <summary>Whether it takes this processor for one without AVX-512 and AMX.</summary>
    public bool IsRestricted { get; }

    /// <summary>The outputs of the batch.</summary>
    public float[] Outputs { get; }

    /// <summary>Builds the program and returns its path.</summary>
    /// <exception cref="InputException">The sources are not at hand, or the build fails.</exception>
    public static string Build()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, Project))) root = root.Parent;
        if (root is null)
            throw new InputException(
                $"bench peers found no {Project} above {AppContext.BaseDirectory}; the sources of DST were expected there");
        var project = Path.Combine(root.FullName, Project);
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", project, "-c", "Release", "-v", "quiet", "-nologo"])
        {
            RedirectStandardOutput = true,
        })!;
        var output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        return build.ExitCode == 0
            ? Path.Combine(Path.GetDirectoryName(project)!, "bin", "Release", "net10.0", "OnnxRuntimePeer.dll")
            : throw new InputException($"dotnet build {project} failed: {output.Trim()}");
    }

    /// <summary>Runs the batch for some seconds; returns the milliseconds of the fastest run.</summary>
    /// <exception cref="InputException">The program has ended.</exception>
    public double Measure(double seconds)
    {
        _process.StandardInput.WriteLine(seconds.ToString(CultureInfo.InvariantCulture));
        return double.Parse(ReadLine(), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close(); // the end of its input is its end
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private string ReadLine() => _process.StandardOutput.ReadLine()
        ?? throw new InputException("ONNX Runtime ended early; its message is above");
}
