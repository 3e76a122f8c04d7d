using System.Formats.Tar;
using System.Text;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public sealed class TarArchiveTests
{
    private const int Block = 512;

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void Files_are_read_and_folders_are_passed_over(TarEntryFormat format)
    {
        var archive = new TarArchive(new MemoryStream(Write(format)));
        Assert.Equal(("a.bin", 600L), archive.Next());
        Assert.Equal(("b.txt", 3L), archive.Next());
        Assert.Equal("two"u8.ToArray(), archive.ReadContent(3));
        Assert.Null(archive.Next());
    }

    [Fact]
    public void An_extended_header_that_claims_gigabytes_is_a_truncated_archive()
    {
        var bytes = Write(TarEntryFormat.Pax);
        Assert.Equal((byte)'x', bytes[156]);
        SetLength(bytes, "77777777777");
        Assert.Throws<EndOfStreamException>(() => new TarArchive(new MemoryStream(bytes)).Next());
    }

    [Fact]
    public void A_damaged_header_is_refused()
    {
        var bytes = Write(TarEntryFormat.Ustar);
        bytes[3] ^= 1;
        Assert.Throws<InvalidDataException>(() => new TarArchive(new MemoryStream(bytes)).Next());
        SetLength(bytes, "12x");
        Assert.Throws<InvalidDataException>(() => new TarArchive(new MemoryStream(bytes)).Next());
    }

    private static byte[] Write(TarEntryFormat format)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, format, leaveOpen: true))
        {
            void Add(TarEntryType type, string name, byte[]? content)
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                    TarEntryFormat.Pax => new PaxTarEntry(type, name),
                    _ => new GnuTarEntry(type, name),
                };
                if (content is not null) entry.DataStream = new MemoryStream(content);
                writer.WriteEntry(entry);
            }

            Add(TarEntryType.Directory, "set/", null);
            Add(TarEntryType.RegularFile, "set/a.bin", new byte[600]);
            Add(TarEntryType.RegularFile, "set/b.txt", "two"u8.ToArray());
        }

        return stream.ToArray();
    }

    /// <summary>Changes the length in the first header, with the checksum that belongs to it.</summary>
    private static void SetLength(byte[] bytes, string octal)
    {
        Encoding.ASCII.GetBytes(octal.PadRight(12, '\0')).CopyTo(bytes, 124);
        bytes.AsSpan(148, 8).Fill((byte)' ');
        var sum = bytes.Take(Block).Sum(value => value);
        Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(bytes, 148);
    }
}
