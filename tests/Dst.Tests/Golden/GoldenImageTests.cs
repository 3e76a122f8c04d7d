using System.Runtime.CompilerServices;
using System.Text.Json;
using Dst.Images;
using Dst.Images.Decoding;

namespace Dst.Tests.Golden;

/// <summary>Image files of every format, kind and orientation against what Pillow reads from them (make_images.py).</summary>
public class GoldenImageTests
{
    private static readonly Dictionary<string, JsonElement> Golden = Read();

    public static TheoryData<string> Names => new(Golden.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Samples_are_those_of_Pillow(string name)
    {
        var expected = Golden[name];
        var image = Image.Decode(FileOf(name));
        Assert.Equal(SizeOf(expected), ImageShape.Of(image));
        Assert.Equal(8, image.BitsPerSample);
        Assert.Null(image.Warning);
        var (tolerance, i) = (expected.GetProperty("tolerance").GetInt32(), 0);
        foreach (var sample in expected.GetProperty("samples").EnumerateArray())
        {
            var value = sample.GetInt32();
            Assert.True(Math.Abs(image.Data.Span[i] - value) <= tolerance, $"sample {i} is {image.Data.Span[i]}; {value} was expected");
            i++;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sizes_are_known_before_decoding(string name)
    {
        var file = FileOf(name);
        var format = Assert.Single(ImageFormat.All, format => format.Recognises(file));
        var size = SizeOf(Golden[name]);
        Assert.Equal(size, format.Measure(name, file));
        Assert.Equal((size.Height, size.Width), Image.Measure(file));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_image_of_more_pixels_than_the_caller_allows_is_refused(string name)
    {
        var (file, size) = (FileOf(name), SizeOf(Golden[name]));
        var pixels = size.Height * size.Width;
        Assert.Equal(size, ImageShape.Of(Image.Decode(file, pixels)));
        var error = Assert.Throws<InputException>(() => Image.Decode(file, pixels - 1));
        Assert.Equal($"the image has {size.Height}x{size.Width} pixels; at most {pixels - 1} were expected", error.Message);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_cut_in_two_is_refused_in_one_sentence(string name)
    {
        var file = FileOf(name);
        foreach (var length in new[] { file.Length / 2, file.Length / 4, 12, 3, 0 })
        {
            var message = Assert.Throws<InputException>(() => Image.Decode(file.AsSpan(0, length))).Message;
            Assert.StartsWith("the image ", message);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_damaged_file_is_read_or_refused(string name)
    {
        var random = new Random(1);
        for (var trial = 0; trial < 60; trial++)
        {
            var file = FileOf(name);
            for (var i = 0; i < 3; i++) file[random.Next(file.Length)] = (byte)random.Next(256);
            if (Record.Exception(() => Image.Decode(file)) is { } failure) Assert.IsType<InputException>(failure);
        }
    }

    private static byte[] FileOf(string name) => Golden[name].GetProperty("file").GetBytesFromBase64();

    private static ImageShape SizeOf(JsonElement entry) =>
        new(entry.GetProperty("channels").GetInt32(), entry.GetProperty("height").GetInt32(), entry.GetProperty("width").GetInt32());

    private static Dictionary<string, JsonElement> Read([CallerFilePath] string source = "") =>
        JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
            File.ReadAllText(Path.Combine(Path.GetDirectoryName(source)!, "images.json")))!;
}
