using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Interop.Onnx;
using Dst.Interop.PyTorch;
using Dst.ModelFiles;
using Dst.Training.Networks;

namespace Dst.Cli.Actions;

/// <summary>Reads what <c>dst import</c> takes: an ONNX network, a state dict of PyTorch or a model file.</summary>
internal static class ModelSource
{
    /// <summary>The file to import.</summary>
    public static readonly Argument<string> File = new("file")
    {
        Description = "ONNX network, PyTorch state dict (.pt, .pth, or .safetensors with --arch), or model file.",
        HelpName = "FILE",
    };

    /// <summary>The network of a state dict.</summary>
    public static readonly Option<string?> Arch = SharedOptions.Text(
        "--arch", "name", $"Architecture of a state dict, which has tensors alone: {string.Join(", ", Zoo.Names)}.");

    /// <summary>Size of an image, where the file does not say it.</summary>
    public static readonly Option<string?> Input = SharedOptions.Text(
        "--input", "C,H,W",
        "Channels, height and width of an image, also as CxHxW, if an ONNX network leaves them open (symbolic sizes), or if --arch has "
            + "another than its usual one: 1,88,88 for aconvnet, 3,32,32 for the others.");

    /// <summary>One of several state dicts.</summary>
    public static readonly Option<string?> Key = SharedOptions.Text(
        "--state-dict", "KEY",
        "State dict to take from a checkpoint, such as ema. Default: the one that fits --arch; of several, that of a usual name.");

    /// <summary>One of several outputs.</summary>
    public static readonly Option<string?> Output = SharedOptions.Text(
        "--onnx-output", "NAME", "Output of an ONNX network of several that gives the scores of the classes.");

    /// <summary>Takes a quantised network as one of floats.</summary>
    public static readonly Option<bool> Float = new("--float")
    {
        Description = "Reads a quantised ONNX network (QDQ) as one of floats, to prune, to train on or to teach with. Without it, it stays "
            + "a network of 8-bit integers if these can express it.",
    };

    /// <summary>Reads the model.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="notes">Receives what an import says of the network.</param>
    /// <exception cref="InputException">It cannot be read, or an option does not fit the kind of the file.</exception>
    public static Model Read(ParseResult arguments, ICollection<string> notes)
    {
        var (path, arch) = (arguments.GetRequiredValue(File), arguments.GetValue(Arch));
        var kind = FileKind.NameOf(path);
        var isSafetensors = path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
        var isOnnx = !isSafetensors && kind is null or FileKind.Onnx;
        Option[] ofArch = isOnnx ? [BenchOptions.Width, Key] : [Input, BenchOptions.Width, Key];
        if (arch is null && arguments.FirstGiven(ofArch) is { } vain)
            throw new InputException($"option {vain.Name} is given without --arch, which was expected too");
        var output = arguments.GetValue(Output);
        if (output is not null && !isOnnx)
            throw new InputException($"option {Output.Name} is '{output}', and {path} is no ONNX network, whose outputs have names");
        if (isSafetensors && arch is null) return arguments.GetValue(Float) ? ModelFile.Load(path).OfFloats(path) : ModelFile.Load(path);
        if (isSafetensors || kind is FileKind.Zip or FileKind.Pickle) return ReadStateDict(arguments, path, arch, notes);
        if (!isOnnx)
            throw new InputException(
                $"{path} is not an ONNX file but {kind}; an ONNX network, a state dict of PyTorch or a model file was expected");
        if (arch is not null) throw new InputException($"option --arch is {arch}, and {path} is no state dict; an ONNX file has its own "
            + "network");
        return OnnxImporter.Import(path, notes, arguments.GetValue(Float), output, BenchOptions.ShapeOf(arguments, Input));
    }

    private static Model ReadStateDict(ParseResult arguments, string path, string? arch, ICollection<string> notes)
    {
        if (arch is null)
            throw new InputException($"{path} has tensors without a network; --arch NAME was expected, one of "
                + $"{string.Join(", ", Zoo.Names)}");
        if (!Zoo.Names.Contains(arch))
            throw new InputException($"option --arch is '{arch}'; {Zoo.Advise(arch)}");
        using var tensors = StateDict.Open(path);
        var usual = Zoo.UsualTask(arch);
        var width = BenchOptions.WidthOf(arguments);
        var given = BenchOptions.ShapeOf(arguments, Input);
        return StateDictImporter.Import(
            tensors,
            (channels, classes) => Zoo.Build(
                arch, given ?? usual.Input with { Channels = channels ?? usual.Input.Channels }, classes ?? usual.Classes, width),
            arguments.GetValue(Key), notes);
    }
}
