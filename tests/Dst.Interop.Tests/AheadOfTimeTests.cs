using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dst.Interop.Tests.CSource;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Interop.Tests;

/// <summary>Compiles the sample program ahead of time, as docs/library.md says: what only reflection finds is missing there.</summary>
public sealed class AheadOfTimeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_reads_images_of_every_format_and_orientation()
    {
        var program = Publish();
        var model = _folder.File("model.safetensors");
        ModelFile.Save(model, Initialiser.Initialise(Zoo.Build("resnet8", new(3, 16, 16), classes: 3), seed: 1));
        var images = WriteImages();
        var (exitCode, output) = Tool.Run(_folder.Path, program, [model, .. images]);
        Assert.True(exitCode == 0, output);
        Assert.Equal(images, output.TrimEnd('\n').Split('\n').Select(line => line.Split(':')[0]));
    }

    // All that is built lies in a folder of its own: other tests read the outputs of the usual build.
    private string Publish()
    {
        string[] options =
        [
            "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-p:PublishAot=true", "-p:IlcInstructionSet=native",
            "--artifacts-path", _folder.File("artifacts"), "-o", _folder.File("predict"),
        ];
        var (exitCode, output) = Tool.Run(RepositoryRoot, "dotnet", ["publish", "docs/samples/Predict", .. options]);
        Assert.True(exitCode == 0, output);
        return _folder.File("predict/Predict");
    }

    private List<string> WriteImages()
    {
        var golden = File.ReadAllText(Path.Combine(RepositoryRoot, "tests/Dst.Tests/Golden/images.json"));
        using var document = JsonDocument.Parse(golden);
        var images = document.RootElement.EnumerateObject().ToDictionary(
            image => _folder.File(image.Name), image => image.Value.GetProperty("file").GetBytesFromBase64());
        // A camera writes EXIF without the segment of JFIF, which is the first.
        var photo = images[_folder.File("turned_8_jpeg")];
        images[_folder.File("camera")] = [.. photo[..2], .. photo[(4 + BinaryPrimitives.ReadUInt16BigEndian(photo.AsSpan(4)))..]];
        foreach (var (path, content) in images) File.WriteAllBytes(path, content);
        return [.. images.Keys];
    }

    private static string RepositoryRoot
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Dst.slnx"))) folder = folder.Parent;
            return folder.FullName;
        }
    }
}
