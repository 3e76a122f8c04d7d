using Dst.Interop.CSource;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.CSource;

/// <summary>Exported C source in folders that are removed at the end.</summary>
public abstract class ExportedCode : IDisposable
{
    /// <summary>Name of the exported networks.</summary>
    protected const string Name = "net";

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A new folder.</summary>
    protected string NewFolder() => Directory.CreateDirectory(_folder.File(Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Exports a model and returns the folder.</summary>
    protected string Export(Model model, WeightsPlace place = WeightsPlace.Source)
    {
        var folder = NewFolder();
        CSourceExport.Write(model, folder, Name, CSourceCheck.None, place);
        return folder;
    }

    /// <summary>Compiles in a folder.</summary>
    protected static void Compile(string folder, string compiler, string arguments)
    {
        var (exitCode, output) = Tool.Run(folder, compiler, arguments.Split(' '));
        Assert.True(exitCode == 0, $"{compiler} {arguments}: {output}");
    }
}
