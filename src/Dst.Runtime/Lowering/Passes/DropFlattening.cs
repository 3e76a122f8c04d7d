using Dst.Graph;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// flatten(x) → x, where x is one pixel or only linear layers read flatten(x). For backends whose linear layers read maps in any order.
/// </summary>
internal static class DropFlattening
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program, LoweringTarget target)
    {
        if (!target.ReadsMapsInAnyOrder) return;
        var readers = program.Nodes.SelectMany(node => node.Reads, (node, value) => (node, value)).ToLookup(read => read.value, read => read.node);
        program.RemoveWhere(node => node.Operation is FlattenOp && (IsOnePixel(node) || node.Output != program.Output && IsReadAsMap(node)));

        bool IsOnePixel(LoweredNode flatten) => program.ShapeOf(flatten.Inputs[0]) is { Height: 1, Width: 1 };
        bool IsReadAsMap(LoweredNode flatten) =>
            readers[flatten.Output].All(reader => reader.Operation is LinearOp && reader.Residual != flatten.Output);
    }
}
