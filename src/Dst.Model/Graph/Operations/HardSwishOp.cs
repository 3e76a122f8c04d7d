using Dst.Kernels;

namespace Dst.Graph;

/// <summary>x · max(0, min(1, x/6 + 0.5)).</summary>
public sealed record HardSwishOp : Operation
{
    internal override bool IsElementwise => true;

    internal override Activation? ToActivation() => Activation.HardSwish;
}
