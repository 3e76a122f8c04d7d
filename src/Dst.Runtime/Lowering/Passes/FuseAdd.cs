using Dst.Graph;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>conv(x) + r → conv(x, residual: r), if nothing else reads conv(x) and r is computed before it.</summary>
internal static class FuseAdd
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program)
    {
        foreach (var sum in program.Nodes.Where(node => node.Operation is AddOp))
        {
            if (program.LastProducerFor(sum) is { Operation.IsWeighted: true, Residual: null } last && program.CountReaders(last.Output) == 1)
                program.Fuse(last, sum, last with { Output = sum.Output, Residual = sum.Inputs[sum.Inputs[0] == last.Output ? 1 : 0] });
        }
    }
}
