namespace Dst.Interop.Onnx;

/// <summary>Words that our exporter writes and our importer knows again.</summary>
internal static class OnnxFormat
{
    /// <summary>The program that wrote a file.</summary>
    public const string Producer = "dst";
}
