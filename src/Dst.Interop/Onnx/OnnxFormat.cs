namespace Dst.Interop.Onnx;

/// <summary>Words that our exporter writes and our importer knows again.</summary>
internal static class OnnxFormat
{
    /// <summary>The program that wrote a file.</summary>
    public const string Producer = "dst";

    /// <summary>Begins the keys of our metadata; behind it they are those of a model file.</summary>
    public const string MetadataPrefix = "dst.";

    /// <summary>Key of the bits of a layer's mask in base64, before the layer's name: as in a model file, one for each candidate.</summary>
    public const string MaskPrefix = "mask_bits.";
}
