using Dst.Graph;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// flatten(x) → x, if x is one pixel or only linear layers read flatten(x). For backends whose linear layers read maps in any order.
/// </summary>
internal static class DropFlattening
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program, LoweringTarget target)
    {
        if (!target.ReadsMapsInAnyOrder) return;
        var readers = program.Nodes
            .SelectMany(node => node.Reads, (Node, Value) => (Node, Value))
            .ToLookup(read => read.Value, read => read.Node);
        program.RemoveWhere(node => node.Operation is FlattenOp && (IsOnePixel(node) || IsReadAsMap(node)));

        bool IsOnePixel(LoweredNode flatten) => program.ShapeOf(flatten.Inputs[0]) is { Height: 1, Width: 1 };
        bool IsReadAsMap(LoweredNode flatten) => flatten.Output != program.Output
            && readers[flatten.Output].All(reader => reader.Operation is LinearOp && reader.Residual != flatten.Output);
    }
}
