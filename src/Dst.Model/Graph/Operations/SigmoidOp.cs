using Dst.Kernels;

namespace Dst.Graph;

/// <summary>1 / (1 + e^−x).</summary>
public sealed record SigmoidOp : Operation
{
    internal override bool IsElementwise => true;

    internal override OutputKind Outputs => OutputKind.Sigmoid;

    internal override Activation? ToActivation() => Activation.Sigmoid;
}
