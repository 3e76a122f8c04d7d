namespace Dst.Interop.Onnx;

/// <summary>Words that our exporter writes and our importer reads.</summary>
internal static class OnnxFormat
{
    /// <summary>The program that wrote a file.</summary>
    public const string Producer = "dst";

    /// <summary>Prefix of our metadata's keys, which are otherwise those of a model file.</summary>
    public const string MetadataPrefix = "dst.";

    /// <summary>Prefix of a layer's name in the key of its mask: the bits of a model file in base64.</summary>
    public const string MaskPrefix = "mask_bits.";
}
