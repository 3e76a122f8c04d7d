namespace Dst.Training.Losses;

/// <summary>log Σⱼ exp(zⱼ / τ), the normaliser of a softmax: log σ(z/τ)ⱼ = zⱼ/τ − log Σ. Stable for logits of any size.</summary>
internal static class LogPartition
{
    /// <summary>The normaliser of one row of logits at temperature <paramref name="temperature"/>.</summary>
    public static double Of(ReadOnlySpan<float> logits, double temperature)
    {
        var largest = double.NegativeInfinity;
        foreach (var z in logits) largest = Math.Max(largest, z);
        var sum = 0.0;
        foreach (var z in logits) sum += Math.Exp((z - largest) / temperature);
        return largest / temperature + Math.Log(sum);
    }
}
