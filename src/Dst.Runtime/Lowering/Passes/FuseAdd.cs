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
            var last = program.LastProducerFor(sum);
            if (last is not { Operation.IsWeighted: true, Residual: null } || program.CountReaders(last.Output) != 1) continue;
            var other = sum.Inputs[sum.Inputs[0] == last.Output ? 1 : 0];
            program.Fuse(last, sum, last with { Output = sum.Output, Residual = other });
        }
    }
}
