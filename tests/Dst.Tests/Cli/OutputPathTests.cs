using Dst.Cli;
using Dst.Tests.Foundations;

namespace Dst.Tests.Cli;

/// <summary>What a verb writes never takes the place of what it reads.</summary>
public sealed class OutputPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public OutputPathTests() => _model = SampleModel.SaveHalved(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_input_is_not_overwritten_by_whatever_path_it_is_named()
    {
        Directory.CreateDirectory(_folder.File("sub"));
        Directory.CreateSymbolicLink(_folder.File("folder"), _folder.Path);
        File.CreateSymbolicLink(_folder.File("link.safetensors"), _model);
        var content = File.ReadAllBytes(_model);
        string[] names = [_model, _folder.File("sub/../halved.safetensors"), _folder.File("folder/halved.safetensors")];
        foreach (var name in names)
        {
            Terminal.Run("export", _folder.File("link.safetensors"), "--format", "onnx", "--out", name)
                .AssertWrongInput($"--out {name} is a file that this command reads");
            Terminal.Run("prune", name, "--out", _model).AssertWrongInput("a file that this command reads");
        }

        Terminal.Run("prune", _model, "--sensitivity", _model).AssertWrongInput("--sensitivity", "a file that this command reads");
        Assert.Equal(content, File.ReadAllBytes(_model));
    }

    [Fact]
    public void What_no_file_may_replace_is_named_before_the_work()
    {
        foreach (var (path, word) in new[]
        {
            (_folder.Path, "is a folder"), (_folder.File("missing/x"), "a folder that does not exist"), ("/dev/null", "is a device"),
        })
            Terminal.Run("prune", _model, "--out", path).AssertWrongInput(path, word);
    }

    [Fact]
    public void Another_file_may_be_replaced()
    {
        File.WriteAllText(_folder.File("old.onnx"), "old");
        Assert.Equal(CommandLine.Done, Terminal.Run("export", _model, "--format", "onnx", "--out", _folder.File("old.onnx")).ExitCode);
    }
}
