using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.ModelFiles;
using Dst.Report;

namespace Dst.Cli.Commands;

/// <summary><c>dst export</c>: a model in a form that other programs take.</summary>
internal static class ExportCommand
{
    private static readonly Option<string> FormatName = new("--format")
    {
        Description = "onnx: for other runtimes, operation set 13. c: C99 source for boards, see docs/embedded.md. safetensors: our own "
            + "format. All leave out channels that no layer reads.",
        HelpName = "onnx|c|safetensors",
        Required = true,
    };
    private static readonly Option<string?> Out = new("--out")
    {
        Description = "File to write for onnx and safetensors; for c, a folder that does not exist, is empty or holds an earlier export, "
            + "which is replaced.",
        HelpName = "PATH",
        Required = true,
    };
    private static readonly Option<string?> Layer = SharedOptions.Text(
        "--embedding", "LAYER",
        "Ends the network at this layer, whose values are then its outputs, to compare images by. 'dst inspect MODEL --nodes' lists "
            + "the layers.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "export",
            "Writes a model as an ONNX file, as C99 source, or as a smaller file of our own.",
            "export models/cifar100-resnet20-kd-seed1/student-kd.safetensors --format onnx --out resnet20.onnx",
            "export runs/latest/dst.safetensors --format c --out board",
            "export runs/latest/dst.safetensors --format c --out board --name chips --check",
            "export faces.safetensors --format c --embedding h.relu --out board/",
            "export runs/latest/dst.safetensors --format safetensors --out smaller.safetensors")
        {
            SharedOptions.Model,
            FormatName,
            Out,
            Layer,
        };
        CSourceOutput.AddTo(verb);
        verb.Add(SharedOptions.Json);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var (path, format, output) = (
            call.Arguments.GetRequiredValue(SharedOptions.Model), call.Arguments.GetRequiredValue(FormatName),
            call.Arguments.GetRequiredValue(Out)!);
        switch (format)
        {
            case "onnx":
                WriteFile(call, path, output, (file, model) => WriteOnnx(call, file, model));
                break;
            case "safetensors":
                WriteFile(call, path, output, (file, model) => ModelFile.Save(file, UnreadChannels.Remove(model)));
                break;
            case "c":
                CSourceOutput.Write(call, Load(call, path), path, output);
                break;
            default:
                throw new InputException($"option --format is '{format}'; onnx, c or safetensors was expected");
        }
    }

    private static void WriteFile(Invocation call, string path, string output, Action<string, Model> write)
    {
        CSourceOutput.CheckHasNone(call.Arguments);
        OutputPath.Check(call.Arguments, Out);
        write(output, Load(call, path));
        var bytes = new FileInfo(output).Length;
        call.Report.Write(new(new { File = output, FileBytes = bytes }, new Lines($"{output}: {Format.Bytes(bytes)}")));
    }

    private static void WriteOnnx(Invocation call, string path, Model model)
    {
        OnnxExporter.Export(path, model);
        if (UnreadChannels.Remove(model).Masks.Count > 0)
            call.Report.Log("the pruned weights are stored as zeros, so other runtimes compute the network as a dense one");
    }

    private static Model Load(Invocation call, string path)
    {
        var model = ModelFile.Load(path);
        if (call.Arguments.GetValue(Layer) is { } layer) model = model.UpTo(layer);
        foreach (var line in UnreadChannels.Describe(model, UnreadChannels.Remove(model))) call.Report.Log($"{line}, and are left out");
        return model;
    }
}
