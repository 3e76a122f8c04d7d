using Dst.Kernels;

namespace Dst.Graph;

/// <summary>x · Φ(x), Φ the normal distribution's, or its approximation with a tanh if <c>Approximate</c>.</summary>
public sealed record GeluOp(bool Approximate = false) : Operation
{
    internal override bool IsElementwise => true;

    internal override Activation? ToActivation() => Approximate ? Activation.GeluTanh : Activation.Gelu;
}
