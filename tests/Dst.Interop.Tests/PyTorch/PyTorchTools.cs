using System.Diagnostics;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.PyTorch;

/// <summary>State dicts that PyTorch writes, which tests/install-tools.sh installs, and the logits of their network.</summary>
public sealed class PyTorchTools : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly TemporaryFolder _folder = new();

    public PyTorchTools()
    {
        Assert.True(File.Exists(Python), $"{Python} is missing; install Debian's python3-torch with tests/install-tools.sh");
        var script = Path.Combine(AppContext.BaseDirectory, "PyTorch", "save_state_dicts.py");
        var start = new ProcessStartInfo(Python, [script, Folder]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{script} failed (it needs python3-torch; see tests/install-tools.sh): {error}");
    }

    /// <summary>The folder of each NAME.pt, of images.npy and of logits.npy.</summary>
    public string Folder => _folder.File("state-dicts");

    public string PathOf(string name) => Path.Combine(Folder, $"{name}.pt");

    public void Dispose() => _folder.Dispose();
}
