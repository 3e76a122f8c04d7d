using System.Net.Sockets;
using Dst.Foundations;

namespace Dst.Tests.Foundations;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_write_to_a_full_disk_keeps_the_old_file_and_leaves_nothing_behind()
    {
        var path = _folder.File("a");
        AtomicFile.Write(path, stream => stream.Write("old"u8));
        var error = Assert.Throws<InputException>(() => AtomicFile.Write(path, _ => File.WriteAllText("/dev/full", "new")));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
        Assert.Contains("No space left on device", error.Message);
    }

    [Fact]
    public void Errors_of_the_writer_itself_pass_through_and_leave_nothing_behind()
    {
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(_folder.File("a"), _ => throw new InvalidOperationException()));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_write_replaces_what_was_there()
    {
        var path = _folder.File("a");
        File.WriteAllText(path, "a longer old text");
        AtomicFile.Write(path, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Writes_of_the_same_file_at_the_same_time_do_not_meet()
    {
        var path = _folder.File("a");
        AtomicFile.Write(path, first =>
        {
            AtomicFile.Write(path, second => second.Write("second"u8));
            Assert.Equal("second", File.ReadAllText(path));
            first.Write("first"u8);
        });
        Assert.Equal("first", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Only_regular_files_are_replaced()
    {
        var (file, link, pipe, socket) = (_folder.File("file"), _folder.File("link"), _folder.File("pipe"), _folder.File("socket"));
        File.WriteAllText(file, "");
        File.CreateSymbolicLink(link, file);
        SystemCalls.MakePipe(pipe);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        var before = Directory.GetFiles(_folder.Path).Order();
        foreach (var path in new[] { link, pipe, socket, "/dev/null" })
        {
            var error = Assert.Throws<InputException>(() => AtomicFile.Write(path, stream => stream.Write("new"u8)));
            Assert.StartsWith($"{path} is a ", error.Message);
        }

        Assert.Equal(before, Directory.GetFiles(_folder.Path).Order());
        AtomicFile.Write(file, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(link));
    }

    [Theory]
    [InlineData(245)]
    [InlineData(255)]
    public void A_name_may_be_as_long_as_the_system_allows(int bytes)
    {
        var path = _folder.File(new string('ä', bytes / 2) + new string('a', bytes % 2));
        AtomicFile.Write(path, stream => stream.Write("new"u8));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_temporary_path_is_another_one_at_each_call()
    {
        string[] paths = [.. Enumerable.Range(0, 8).Select(_ => AtomicFile.TemporaryBeside(_folder.File("a")))];
        Assert.Equal(paths.Length, paths.Distinct().Count());
        Assert.All(paths, path => Assert.Equal(_folder.Path, Path.GetDirectoryName(path)));
    }

    [Fact]
    public void A_missing_folder_or_a_folder_in_the_way_is_named()
    {
        var missing = _folder.File(Path.Combine("missing", "a"));
        Assert.StartsWith($"{missing} cannot be written", Assert.Throws<InputException>(() => AtomicFile.Write(missing, _ => { })).Message);
        Assert.StartsWith(
            $"{_folder.Path} cannot be written", Assert.Throws<InputException>(() => AtomicFile.Write(_folder.Path, _ => { })).Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }
}
