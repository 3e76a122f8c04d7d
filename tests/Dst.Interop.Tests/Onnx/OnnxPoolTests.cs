using Dst.Interop.Onnx;
using Dst.Interop.Tests.CSource;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Poolings that ONNX has no name for, as standard operations.</summary>
public sealed class OnnxPoolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ONNX_Runtime_gives_our_logits_of_poolings_with_chance()
    {
        var model = Networks.Create("random pools", "dense", 1);
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
