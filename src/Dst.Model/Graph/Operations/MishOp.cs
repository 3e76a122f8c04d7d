using Dst.Kernels;

namespace Dst.Graph;

/// <summary>x · tanh(ln(1 + e^x)).</summary>
public sealed record MishOp : Operation
{
    internal override bool IsElementwise => true;

    internal override Activation? ToActivation() => Activation.Mish;
}
