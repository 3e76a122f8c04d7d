using System.Globalization;
using BitMiracle.LibTiff.Classic;

namespace Dst.Images.Decoding;

/// <summary>
/// Keeps what LibTiff says while it decodes on this thread. By default LibTiff prints it. Of damaged CCITT data it makes wrong
/// pixels and only warns.
/// </summary>
internal sealed class TiffMessages : TiffErrorHandler
{
    [ThreadStatic]
    private static string? _error;

    [ThreadStatic]
    private static string? _warning;

    /// <summary>The first error, or null.</summary>
    public static string? Error => _error;

    /// <summary>The first warning, or null.</summary>
    public static string? Warning => _warning;

    /// <summary>Forgets what was said.</summary>
    public static void Clear() => (_error, _warning) = (null, null);

    /// <inheritdoc/>
    public override void ErrorHandler(Tiff tif, string method, string format, params object[] args) => _error ??= TextOf(tif, format, args);

    /// <inheritdoc/>
    public override void ErrorHandlerExt(Tiff tif, object clientData, string method, string format, params object[] args)
    {
        // ErrorHandler and WarningHandler have the message; the base class would print it.
    }

    /// <inheritdoc/>
    public override void WarningHandler(Tiff tif, string method, string format, params object[] args) =>
        _warning ??= TextOf(tif, format, args);

    /// <inheritdoc/>
    public override void WarningHandlerExt(Tiff tif, object clientData, string method, string format, params object[] args)
    {
        // ErrorHandler and WarningHandler have the message; the base class would print it.
    }

    // Without the name of the file, which messages have already.
    private static string TextOf(Tiff? tiff, string format, object[] args)
    {
        var text = string.Format(CultureInfo.InvariantCulture, format, args);
        var prefix = $"{tiff?.FileName()}: ";
        return text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
    }
}
