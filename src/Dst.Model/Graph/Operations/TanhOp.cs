using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Hyperbolic tangent.</summary>
public sealed record TanhOp : Operation
{
    internal override bool IsElementwise => true;

    internal override OutputKind Outputs => OutputKind.None;

    internal override Activation? ToActivation() => Activation.Tanh;
}
