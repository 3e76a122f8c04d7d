using Dst.Foundations;

namespace Dst.Tests.Foundations;

public sealed class InputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_name_that_is_not_UTF_8_is_said()
    {
        var path = _folder.File("\uFFFD.png"); // as .NET reads a name of other bytes
        Assert.Equal(
            $"'{path}' cannot be opened, because its name is not UTF-8; rename it",
            Assert.Throws<InputException>(() => InputFile.Open(path)).Message);
    }

    [Fact]
    public void A_file_is_read_through_links()
    {
        File.WriteAllText(_folder.File("file"), "text");
        File.CreateSymbolicLink(_folder.File("link"), "file");
        File.CreateSymbolicLink(_folder.File("link to link"), "link");
        Assert.Equal("text"u8.ToArray(), InputFile.ReadAllBytes(_folder.File("link to link")));
    }

    [Fact]
    public void A_link_in_the_current_folder_is_followed()
    {
        File.WriteAllText(_folder.File("file"), "text");
        var link = Path.GetFileName(_folder.Path);
        File.CreateSymbolicLink(link, _folder.File("file"));
        try
        {
            Assert.Equal(("text", 4), (InputFile.ReadText(link), InputFile.LengthOf(link)));
        }
        finally
        {
            File.Delete(link);
        }
    }

    [Fact]
    public void A_pipe_that_a_shell_makes_is_called_a_pipe()
    {
        File.CreateSymbolicLink(_folder.File("stdin"), "pipe:[123]");
        Assert.Contains("is a pipe or a socket", Assert.Throws<InputException>(() => InputFile.Open(_folder.File("stdin"))).Message);
    }

    [Fact]
    public void What_is_no_file_with_content_is_refused_without_waiting()
    {
        SystemCalls.MakePipe(_folder.File("pipe"));
        File.CreateSymbolicLink(_folder.File("link to pipe"), "pipe");
        File.CreateSymbolicLink(_folder.File("loop"), "loop");
        File.WriteAllText(_folder.File("empty"), "");
        foreach (var (path, problem) in new[]
        {
            (_folder.File("pipe"), "not a regular file"),
            (_folder.File("link to pipe"), "not a regular file"),
            ("/dev/zero", "not a regular file"),
            (_folder.File("empty"), "is empty"),
            (_folder.Path, "is a folder"),
            (_folder.File("missing"), "does not exist"),
            (_folder.File("empty/file"), "does not exist"),
            (_folder.File("loop"), "cannot be read"),
            ("", "no path of a file"),
            ("a\0b", "no path of a file"),
        })
        {
            var message = Assert.Throws<InputException>(() => InputFile.Open(path)).Message;
            Assert.Contains($"'{path}'", message);
            Assert.Contains(problem, message);
        }
    }

    [Fact]
    public void A_file_without_permission_is_refused()
    {
        File.WriteAllText(_folder.File("secret"), "text");
        SystemCalls.SetMode(_folder.Path, "755");
        SystemCalls.SetMode(_folder.File("secret"), "000");
        SystemCalls.AsOrdinaryUser(() =>
            Assert.Contains("permission denied", Assert.Throws<InputException>(() => InputFile.Open(_folder.File("secret"))).Message));
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_before_it_is_read()
    {
        File.WriteAllText(_folder.File("file"), "text");
        Assert.Contains(
            "4 bytes; at most 3", Assert.Throws<InputException>(() => InputFile.ReadAllBytes(_folder.File("file"), maxBytes: 3)).Message);
    }
}
