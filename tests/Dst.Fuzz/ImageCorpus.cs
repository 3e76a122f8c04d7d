using Dst.Tests.Images;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Pbm;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Fuzz;

/// <summary>Small images of every format.</summary>
internal static class ImageCorpus
{
    public static IReadOnlyList<byte[]> All { get; } =
    [
        TestImages.GreyJpeg, TestImages.ColourJpeg, TestImages.LzwTiff, TestImages.GreyPng(5, 4, (y, x) => (byte)(16 * y + x)),
        TestImages.Tiff(false, 3, 2, 16, new byte[12]), TestImages.Tiff(true, 4, 3, 8, new byte[12]), TestImages.BigTiff(3, 2, new byte[6]),
        TestImages.Mstar(6, 5, (y, x) => y + x),
        .. new IImageEncoder[]
        {
            new PngEncoder(), new PngEncoder { ColorType = PngColorType.Palette }, new JpegEncoder(), new GifEncoder(), new BmpEncoder(),
            new TgaEncoder(), new TgaEncoder { Compression = TgaCompression.RunLength },
            new WebpEncoder { FileFormat = WebpFileFormatType.Lossy }, new WebpEncoder { FileFormat = WebpFileFormatType.Lossless },
            new PbmEncoder { Encoding = PbmEncoding.Plain },
            new PbmEncoder { ColorType = PbmColorType.Grayscale, Encoding = PbmEncoding.Binary },
        }.Select(Encode),
    ];

    private static byte[] Encode(IImageEncoder encoder)
    {
        using var image = new SixLabors.ImageSharp.Image<Rgba32>(7, 5);
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
                image[x, y] = new((byte)(36 * x), (byte)(50 * y), (byte)(9 * x * y), (byte)(x == 3 ? 90 : 255));
        }

        using var file = new MemoryStream();
        image.Save(file, encoder);
        return file.ToArray();
    }
}
