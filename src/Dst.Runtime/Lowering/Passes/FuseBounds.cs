using Dst.Graph;
using Dst.Kernels;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// relu(f(x)) → f(x, bounds) and clip(f(x)) → f(x, bounds), where nothing else reads f(x) and the backend's f takes the bounds. To run
/// after the passes that change what f is.
/// </summary>
internal static class FuseBounds
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program, LoweringTarget target)
    {
        foreach (var node in program.Nodes.Where(node => node.Operation is ReluOp or ClipOp))
        {
            var bounds = node.Operation is ClipOp clip ? new(clip.Min, clip.Max) : Bounds.Relu;
            if (program.ProducerOf(node.Inputs[0]) is not { } input || input.Bounds != Bounds.None) continue;
            if (program.ReadersOf(input.Output) == 1 && target.TakesBounds(input, bounds))
                program.Fuse(input, node, input with { Output = node.Output, Bounds = bounds });
        }
    }
}
