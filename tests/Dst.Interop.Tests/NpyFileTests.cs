using System.Text;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests;

public sealed class NpyFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(6)]
    [InlineData(2, 3)]
    [InlineData(1, 2, 3, 1)]
    public void What_is_written_is_read(params int[] shape)
    {
        float[] values = [1, -2, 3.5f, float.NaN, 0, 1e-30f];
        NpyFile.Write(_folder.File("a.npy"), shape, values);
        var read = NpyFile.Read(_folder.File("a.npy"));
        Assert.Equal(shape, read.Shape);
        Assert.Equal(values, read.Values);
        Assert.Equal(0, (new FileInfo(_folder.File("a.npy")).Length - 24) % 64);
    }

    [Fact]
    public void Version_2_is_read()
    {
        Save(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
        Assert.Equal([2], NpyFile.Read(_folder.File("b.npy")).Shape);
    }

    [Theory]
    [InlineData(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", 16, "the type '<f8'")]
    [InlineData(
        1, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", 8,
        "C order was expected, which np.ascontiguousarray(array) makes")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 8, "has 8 bytes of values", "(3,)")]
    [InlineData(
        1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647, 2147483647), }", 8,
        "has 8 bytes of values")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -1), }", 8, "(-2, -1)")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False}", 8, "has 8 bytes of values")]
    [InlineData(3, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, "version 1 or 2")]
    public void Other_files_are_refused(byte version, string header, int bytes, params string[] words)
    {
        Save(version, header, bytes);
        var error = Assert.Throws<InputException>(() => NpyFile.Read(_folder.File("b.npy")));
        Assert.All(words, word => Assert.Contains(word, error.Message));
    }

    [Fact]
    public void A_header_of_megabytes_is_not_searched()
    {
        var shapes = string.Concat(Enumerable.Repeat("'shape': (", 800_000));
        byte[] file = [0x93, .. "NUMPY"u8, 2, 0, .. BitConverter.GetBytes(shapes.Length), .. Encoding.Latin1.GetBytes(shapes)];
        File.WriteAllBytes(_folder.File("b.npy"), file);
        var error = Assert.Throws<InputException>(() => NpyFile.Read(_folder.File("b.npy")));
        Assert.Contains("a header of 8000000 bytes; at most 4096", error.Message);
    }

    [Fact]
    public void Long_texts_of_a_header_are_cut()
    {
        Save(1, $"{{'descr': '<f4', 'fortran_order': False, 'shape': (1,), {new string('x', 150)}}}", 8);
        Assert.InRange(Assert.Throws<InputException>(() => NpyFile.Read(_folder.File("b.npy"))).Message.Length, 1, 250);
    }

    [Fact]
    public void Truncated_files_are_refused()
    {
        NpyFile.Write(_folder.File("a.npy"), [2, 3], new float[6]);
        var bytes = File.ReadAllBytes(_folder.File("a.npy"));
        for (var length = 1; length < bytes.Length; length++)
        {
            File.WriteAllBytes(_folder.File("b.npy"), bytes[..length]);
            Assert.Throws<InputException>(() => NpyFile.Read(_folder.File("b.npy")));
        }
    }

    private void Save(byte version, string header, int bytes)
    {
        byte[] length = version == 2 ? [(byte)header.Length, 0, 0, 0] : [(byte)header.Length, 0];
        byte[] file = [0x93, .. "NUMPY"u8, version, 0, .. length, .. Encoding.Latin1.GetBytes(header), .. new byte[bytes]];
        File.WriteAllBytes(_folder.File("b.npy"), file);
    }
}
