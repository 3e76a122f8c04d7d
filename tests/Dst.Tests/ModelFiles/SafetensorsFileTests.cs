using System.Buffers.Binary;
using System.Text;
using Dst.ModelFiles;
using Dst.Tests.Foundations;

// Not Dst.Tests.ModelFile: that namespace would hide the class ModelFile from every test.
namespace Dst.Tests.ModelFiles;

public sealed class SafetensorsFileTests : IDisposable
{
    /// <summary>A header that is not closed, with a tensor of one float.</summary>
    private const string OneFloat = """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_and_metadata_come_back_bit_for_bit()
    {
        var path = _folder.File("a.safetensors");
        float[] floats = [1.5f, -0f, float.NaN, float.PositiveInfinity, float.Epsilon, 3];
        SafetensorsFile.Write(path, new Dictionary<string, string> { ["größe"] = "\"1\"\n" },
        [
            new("bytes", [3], new byte[] { 0, 7, 255 }),
            new("floats", [2, 3], floats),
            new("scalar", [], new[] { long.MinValue }),
            new("empty", [0, 5], Array.Empty<float>()),
        ]);

        using var file = SafetensorsFile.Open(path);
        Assert.Equal("\"1\"\n", file.ReadMetadata("größe"));
        Assert.Equal([0, 7, 255], file.ReadBytes("bytes", 3));
        Assert.Equal(floats.Select(BitConverter.SingleToInt32Bits), file.ReadFloats("floats", 2, 3).Select(BitConverter.SingleToInt32Bits));
        Assert.Equal([long.MinValue], file.ReadLongs("scalar"));
        Assert.Empty(file.ReadFloats("empty", 0, 5));
        Assert.Equal(4, file.Tensors.Count);
    }

    [Fact]
    public void Layout_is_that_of_the_format()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsFile.Write(path, new Dictionary<string, string>(), [new("b", [1], new byte[] { 9 }), new("f", [1], new[] { 1f })]);
        var bytes = File.ReadAllBytes(path);
        var header = Encoding.UTF8.GetString(bytes, 8, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes));
        const string Floats = """{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";
        const string Checksum = "11d0c2c4";
        const string Bytes = """{"dtype":"U8","shape":[1],"data_offsets":[4,5]}""";
        Assert.Equal($$"""{"__metadata__":{"dst.crc32c":"{{Checksum}}"},"f":{{Floats}},"b":{{Bytes}}}""", header.TrimEnd(' '));
        Assert.Equal(0, (8 + header.Length) % 8);
        Assert.Equal([0, 0, 0x80, 0x3F, 9], bytes[(8 + header.Length)..]);
    }

    [Theory]
    [InlineData("""[]""", 0, "JSON kind Array")]
    [InlineData("""{"a":1}""", 0, "without dtype, shape and data_offsets")]
    [InlineData("""{"a":""", 0, "not the JSON")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "not an object of strings")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "not the JSON")]
    [InlineData("""{"a":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}}""", 4, "dtype BOOL; F32, F16, BF16, F64, U8, I8 or I64")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "shape 2; a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "-1 in its shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "1.5 in its shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "its shape [2] needs 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""", 4, "its shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "[begin, end]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 8, "[begin, end]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4000000000],"data_offsets":[0,16000000000]}}""", 4, "4000000000 in its shape")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[400000000],"data_offsets":[0,1600000000]}}""", 4,
        "ends at byte 1600000000 of the data; the file has 4 and may be cut off")]
    [InlineData(OneFloat + ""","b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "tensor 'b' begins at byte")]
    [InlineData(OneFloat + ""","b":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}}""", 10, "tensor 'b' begins at byte")]
    [InlineData(OneFloat + ""","a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "has 'a' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 7, "its header describes")]
    public void Malformed_headers_are_refused_with_the_reason(string header, int dataBytes, string expected)
    {
        var bytes = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.UTF8.GetBytes(header, bytes.AsSpan(8));
        ExpectRefused(bytes, expected);
    }

    [Fact]
    public void Header_lengths_are_checked_before_memory_is_taken()
    {
        ExpectRefused([1], "has 1 bytes");
        ExpectRefused([1, 2, 3], "has 3 bytes");
        foreach (var length in new[] { long.MaxValue, -1L, 3L, SafetensorsFile.MaxHeaderBytes + 1L })
        {
            var bytes = new byte[10];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
            ExpectRefused(bytes, $"declares a header of {(ulong)length} bytes; at most 2");
        }
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused()
    {
        byte[] header = [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'];
        ExpectRefused([(byte)header.Length, 0, 0, 0, 0, 0, 0, 0, .. header], "not the JSON");
    }

    [Fact]
    public void Wrong_type_shape_or_name_is_named_on_reading()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsFile.Write(path, new Dictionary<string, string>(), [new("a", [2], new[] { 1f, 2f })]);
        using var file = SafetensorsFile.Open(path);
        Assert.Contains("has no tensor 'b'", Assert.Throws<InputException>(() => file.ReadFloats("b", 2)).Message);
        Assert.Contains("'a' is F32 [2]; F32 [1, 2] was expected", Assert.Throws<InputException>(() => file.ReadFloats("a", 1, 2)).Message);
        Assert.Contains("'a' is F32 [2]; U8 [2] was expected", Assert.Throws<InputException>(() => file.ReadBytes("a", 2)).Message);
        Assert.Contains("has no 'step'", Assert.Throws<InputException>(() => file.ReadMetadata("step")).Message);
    }

    [Fact]
    public void A_missing_file_an_empty_one_and_a_folder_are_refused()
    {
        File.WriteAllBytes(_folder.File("empty"), []);
        Assert.Contains("is empty", Assert.Throws<InputException>(() => SafetensorsFile.Open(_folder.File("empty"))).Message);
        Assert.Contains("does not exist", Assert.Throws<InputException>(() => SafetensorsFile.Open(_folder.File("missing"))).Message);
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => SafetensorsFile.Open(_folder.Path)).Message);
    }

    [Fact]
    public void Two_tensors_of_one_name_are_not_written()
    {
        var path = _folder.File("a.safetensors");
        TensorEntry[] twice = [new("a", [1], new[] { 1f }), new("a", [1], new byte[1])];
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(path, new Dictionary<string, string>(), twice));
        Assert.False(File.Exists(path));
    }

    private void ExpectRefused(byte[] content, string expected)
    {
        var path = _folder.File("bad.safetensors");
        File.WriteAllBytes(path, content);
        var error = Assert.Throws<InputException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(expected, error.Message);
        Assert.InRange(error.Message.Length - path.Length, 1, 410);
    }
}
