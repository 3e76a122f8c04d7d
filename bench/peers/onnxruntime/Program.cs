// ONNX Runtime as `dst bench peers` measures it, with all graph optimisations, its input bound once.
// Usage: OnnxRuntimePeer MODEL.onnx IMAGES OUTPUTS BATCH THREADS VECTORS
// VECTORS is 256, to hide longer vectors from it, or any.
// It runs a batch of images (a file of float32) once, writes the outputs to a file and prints its version and its vectors. Then it reads
// seconds, one number a line, runs the batch for so long and prints the milliseconds of the fastest run.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

var (batch, threads) = (long.Parse(args[3], CultureInfo.InvariantCulture), int.Parse(args[4], CultureInfo.InvariantCulture));
InferenceSession session = null!;
RunOptions options = null!;
OrtValue input = null!;
var hidden = args[5] == "256" && HiddenVectors.While(Begin);
if (!hidden) Begin();
Console.WriteLine(OrtEnv.Instance().GetVersionString());
Console.WriteLine(hidden ? "256" : "any");
while (Console.ReadLine() is { } seconds)
{
    var fastest = double.PositiveInfinity;
    var begin = Stopwatch.GetTimestamp();
    do
    {
        var start = Stopwatch.GetTimestamp();
        Run().Dispose();
        fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
    while (Stopwatch.GetElapsedTime(begin).TotalSeconds < double.Parse(seconds, CultureInfo.InvariantCulture));
    Console.WriteLine(fastest.ToString("R", CultureInfo.InvariantCulture));
}

// Whatever it asks the processor, it asks here.
void Begin()
{
    (session, options) = (Load(), new());
    var images = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(args[1])).ToArray();
    long[] shape = [batch, .. session.InputMetadata.Single().Value.Dimensions.Skip(1).Select(extent => (long)extent)];
    input = OrtValue.CreateTensorValueFromMemory(images, shape);
    using var results = Run();
    File.WriteAllBytes(args[2], MemoryMarshal.AsBytes(results[0].GetTensorDataAsSpan<float>()));
}

InferenceSession Load()
{
    using var settings = new SessionOptions
    {
        IntraOpNumThreads = threads,
        InterOpNumThreads = 1,
        ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
    };
    return new(args[0], settings);
}

IDisposableReadOnlyCollection<OrtValue> Run() => session.Run(options, [session.InputNames[0]], [input], [session.OutputNames[0]]);
