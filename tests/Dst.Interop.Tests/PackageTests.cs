using Dst.Interop.Tests.CSource;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Interop.Tests;

/// <summary>Packs the projects into a folder, and installs them from there as a user does.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string RepositoryRoot
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Dst.slnx"))) folder = folder.Parent;
            return folder.FullName;
        }
    }

    [Fact]
    public void Packages_install_from_a_folder_and_predict()
    {
        var feed = _folder.File("feed");
        DotNet(RepositoryRoot, "pack", "src/Packages.slnx", "-c", "Release", "--no-build", "-v", "quiet", "-o", feed);
        var version = typeof(Model).Assembly.GetName().Version!.ToString(3);
        string[] libraries = ["Kernels", "Model", "Images", "Runtime", "Training", "Distributed", "Interop", "Report"];
        Assert.Equal(
            libraries.Select(name => $"Dst.{name}").Append("dst")
                .SelectMany(id => new[] { $"{id}.{version}.nupkg", $"{id}.{version}.snupkg" })
                .Order(StringComparer.Ordinal),
            Directory.GetFiles(feed).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));

        var model = _folder.File("model.safetensors");
        ModelFile.Save(model, Initialiser.Initialise(Zoo.Build("resnet8", new(3, 16, 16), classes: 3), seed: 1));
        var image = _folder.File("grey.pgm");
        File.WriteAllText(image, $"P2 16 16 255 {string.Join(' ', Enumerable.Range(0, 256))}\n");

        // Caches of their own: a package of the same version that was installed before must not be taken.
        File.WriteAllText(_folder.File("nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{_folder.File("packages")}" /></config>
              <packageSources><add key="packed" value="{feed}" /></packageSources>
              <fallbackPackageFolders><add key="restored" value="{InstalledPackages()}" /></fallbackPackageFolders>
            </configuration>
            """);
        AssertToolPredicts(model, image);
        AssertProgramPredicts(model, image, version);
    }

    private void AssertToolPredicts(string model, string image)
    {
        DotNet(_folder.Path, "tool", "install", "dst", "--tool-path", _folder.File("tools"), "--configfile", _folder.File("nuget.config"));
        var tool = Path.Combine(_folder.File("tools"), "dst");
        var (exitCode, output) = Tool.Run(_folder.Path, tool, "predict", model, image);
        Assert.True(exitCode == 0, output);
        Assert.Contains(image, output, StringComparison.Ordinal);
        Assert.Contains("\n  dst predict ", Tool.Run(_folder.Path, tool, "predict", "--help").Output); // no ./dst, as in a checkout
    }

    private void AssertProgramPredicts(string model, string image, string version)
    {
        var program = Directory.CreateDirectory(_folder.File("program")).FullName;
        File.WriteAllText(Path.Combine(program, "program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Dst.Runtime" Version="{version}" /></ItemGroup>
            </Project>
            """);
        File.Copy(Path.Combine(RepositoryRoot, "docs/samples/Predict/Program.cs"), Path.Combine(program, "Program.cs"));
        var output = DotNet(program, "run", "--", model, image);
        Assert.Matches($@"^{image}: \d [\d.,]+%$", output.Split('\n')[0]);
    }

    /// <summary>The folder of packages that this build was restored from.</summary>
    private static string InstalledPackages() =>
        DotNet(RepositoryRoot, "nuget", "locals", "global-packages", "--list").Split(": ", 2)[1].Trim();

    private static string DotNet(string folder, params string[] arguments)
    {
        var (exitCode, output) = Tool.Run(folder, "dotnet", arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)}: {output}");
        return output;
    }
}
