namespace Dst.Training.Ranks;

/// <summary>What a rank has sent and how long it has waited.</summary>
/// <param name="Bytes">Bytes sent.</param>
/// <param name="Messages">Messages sent.</param>
/// <param name="GradientBytes">The bytes of these that were gradients, sent while the rank computes.</param>
/// <param name="GradientMessages">The messages with gradients.</param>
/// <param name="Waited">Time in which the rank only waited for messages.</param>
/// <param name="GradientsWaited">The part of this in which it waited for gradients at the end of a backward pass.</param>
/// <param name="GradientsSent">Time in which gradients were under way.</param>
public readonly record struct RankTraffic(
    long Bytes, long Messages, long GradientBytes, long GradientMessages, TimeSpan Waited, TimeSpan GradientsWaited, TimeSpan GradientsSent)
{
    /// <summary>Share of the time of gradients that computation hides, 0 to 1; null if none were sent.</summary>
    public double? Overlap => GradientsSent > TimeSpan.Zero ? 1 - GradientsWaited / GradientsSent : null;
}
