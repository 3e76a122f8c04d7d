namespace Dst.Training.Objectives;

/// <summary>log Σⱼ exp(zⱼ / τ), the normaliser of a softmax: log σ(z/τ)ⱼ = zⱼ/τ − log Σ. Stable for logits of any size.</summary>
internal static class LogPartition
{
    /// <summary>The normaliser of one row of logits at temperature <paramref name="temperature"/>.</summary>
    /// <param name="logits">One row.</param>
    /// <param name="temperature">τ, above 0.</param>
    /// <param name="except">A logit that the sum leaves out, or −1.</param>
    public static double Of(ReadOnlySpan<float> logits, double temperature, int except = -1)
    {
        var largest = double.NegativeInfinity;
        for (var j = 0; j < logits.Length; j++) if (j != except) largest = Math.Max(largest, logits[j]);
        var sum = 0.0;
        for (var j = 0; j < logits.Length; j++) if (j != except) sum += Math.Exp((logits[j] - largest) / temperature);
        return largest / temperature + Math.Log(sum);
    }
}
