namespace Dst.Runtime.Lowering.Passes;

/// <summary>dropout(x) → x.</summary>
internal static class DropIdentities
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program) => program.RemoveWhere(node => node.Operation.IsIdentityInInference);
}
