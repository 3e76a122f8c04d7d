using Dst.Kernels;

namespace Dst.Graph;

/// <summary>The <c>Channels</c> channels that begin with number <c>Start</c>.</summary>
public sealed record SliceOp(int Start, int Channels) : Operation
{
    internal override Rearrangement? ToRearrangement(FeatureShape input) =>
        Rearrangement.Slice(input.ToMap(), Start, Channels);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var x = inputs[0];
        node.Expect(Start >= 0 && Channels >= 1 && Start + (long)Channels <= x.Channels,
            Invariant($"slices {Channels} channels from number {Start} on out of {x.Channels}; a run of at least one of them was ")
            + "expected");
        return x with { Channels = Channels };
    }
}
