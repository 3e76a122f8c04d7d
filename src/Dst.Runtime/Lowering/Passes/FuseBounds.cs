using Dst.Kernels;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// relu(f(x)) → f(x, bounds) and clip(f(x)) → f(x, bounds), if nothing else reads f(x) and the backend's f takes the bounds.
/// Runs after the passes that change f.
/// </summary>
internal static class FuseBounds
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program, LoweringTarget target)
    {
        foreach (var node in program.Nodes)
        {
            if (node.Operation.ToBounds() is not { } bounds || program.ProducerOf(node.Inputs[0]) is not { } input) continue;
            if (input.Bounds == Bounds.None && program.CountReaders(input.Output) == 1 && target.TakesBounds(input, bounds))
                program.Fuse(input, node, input with { Output = node.Output, Bounds = bounds });
        }
    }
}
