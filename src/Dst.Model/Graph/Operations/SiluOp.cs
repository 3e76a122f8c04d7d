using Dst.Kernels;

namespace Dst.Graph;

/// <summary>x / (1 + e^−x), also called swish.</summary>
public sealed record SiluOp : Operation
{
    internal override bool IsElementwise => true;

    internal override Activation? ToActivation() => Activation.Silu;
}
