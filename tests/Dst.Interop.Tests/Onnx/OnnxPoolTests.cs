using Dst.Interop.Onnx;
using Dst.Interop.Tests.CSource;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Poolings that ONNX has no name for, as standard operations, and maps that grow.</summary>
public sealed class OnnxPoolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("random pools")]
    [InlineData("odd")]
    public void ONNX_Runtime_gives_our_logits(string network)
    {
        var model = Networks.Create(network, "dense", 1);
        OnnxExporter.Export(_folder.File("model.onnx"), model);
        var random = new Random(4);
        float[] images = [.. Enumerable.Range(0, 2 * (int)model.Graph.Input.Count).Select(_ => random.NextSingle() - 0.5f)];
        using var plan = InferencePlan.Compile(model, new() { Batch = 2, Tune = false });
        using var session = plan.CreateSession();
        var logits = new float[2 * model.OutputCount];
        session.Run(images, 2, logits);
        OnnxTools.AssertClose(logits, OnnxRuntimeTool.Run(_folder.File("model.onnx"), ([2, 3, 9, 8], images)).Values);
    }
}
