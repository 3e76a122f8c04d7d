using Dst.Graph;

namespace Dst.Interop.CSource;

/// <summary>Which tests of the source are compiled and run before it is written.</summary>
/// <param name="WithRuntime">Compare with logits of our runtime.</param>
/// <param name="Data">
/// NumPy files of another program to compare with, or null: inputs [N, C, H, W] as they enter the network, and its logits [N, outputs].
/// </param>
public sealed record CSourceCheck(bool WithRuntime, (string Inputs, string Logits)? Data)
{
    private const string Inputs = "inputs.npy", Logits = "logits.npy";
    private const int MaxLines = 3;

    /// <summary>No test.</summary>
    public static CSourceCheck None { get; } = new(false, null);

    /// <summary>Runs the tests of a source.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="input">Shape of an image.</param>
    /// <param name="outputs">Number of logits of an image.</param>
    /// <param name="cancellation">Ends the tests.</param>
    /// <returns>A line for each test.</returns>
    /// <exception cref="InputException">There is no compiler, or an array does not fit the network.</exception>
    /// <exception cref="CSourceCheckException">A test failed.</exception>
    internal IReadOnlyList<string> Run(string folder, FeatureShape input, int outputs, CancellationToken cancellation)
    {
        var lines = new List<string>();
        if (WithRuntime) lines.Add(Test(folder, "", "the source fails its test", cancellation));
        if (Data is not { } data) return lines;
        var (shape, images) = NpyFile.ReadShaped(data.Inputs, [null, input.Channels, input.Height, input.Width]);
        var (_, logits) = NpyFile.ReadShaped(data.Logits, [shape[0], outputs]);
        // The C program reads files of version 1 only.
        NpyFile.Write(Path.Combine(folder, Inputs), shape, images);
        NpyFile.Write(Path.Combine(folder, Logits), [shape[0], outputs], logits);
        lines.Add($"{data.Logits}: {Test(folder, $"{Inputs} {Logits}", data.Logits, cancellation)}");
        File.Delete(Path.Combine(folder, Inputs));
        File.Delete(Path.Combine(folder, Logits));
        return lines;
    }

    private static string Test(string folder, string data, string what, CancellationToken cancellation)
    {
        var result = HostCompiler.Test(folder, data, cancellation)
            ?? throw new InputException("option --check needs make and a C compiler; install the packages make and gcc");
        if (result.ExitCode == 0) return result.Output.Trim();
        // The test says what differs; a compiler complains elsewhere, and make adds a line of its own.
        var text = string.IsNullOrWhiteSpace(result.Output) ? result.Errors : result.Output;
        throw new CSourceCheckException($"{what}: " + string.Join("; ", text.Trim().Split('\n').Take(MaxLines)));
    }
}

/// <summary>The C source does not compile or does not give the logits that were expected.</summary>
/// <seealso cref="CSourceExport"/>
public sealed class CSourceCheckException(string message) : Exception(message);
