using static Dst.Kernels.SplitMix64;

namespace Dst.Foundations;

/// <summary>What a stream of random numbers is for. Streams of two purposes share no numbers.</summary>
public enum RandomPurpose
{
    /// <summary>Initial weights.</summary>
    Initialise = 1,

    /// <summary>Order of the training samples in an epoch.</summary>
    Shuffle = 2,

    /// <summary>Augmentation of one sample.</summary>
    Augment = 3,

    /// <summary>Dropout masks.</summary>
    Dropout = 4,

    /// <summary>Split of the training data into training and validation.</summary>
    Split = 5,

    /// <summary>Simulated chips.</summary>
    Simulate = 6,

    /// <summary>Initial weights of the projections of hints.</summary>
    Project = 7,

    /// <summary>Restarts of the search for a channel order.</summary>
    Permute = 8,

    /// <summary>Images of steps that are only timed.</summary>
    Measure = 9,

    /// <summary>How the images of one batch are mixed.</summary>
    Mix = 10,

    /// <summary>Which images a pruned network is repaired on.</summary>
    Calibrate = 12,

    /// <summary>Which input channels a filter reads.</summary>
    Connect = 13,

    /// <summary>Noise that an auto-encoder sees.</summary>
    Noise = 14,
}

/// <summary>
/// Random numbers keyed by (seed, purpose, epoch, sample). The n-th number is a hash of the key and n
/// (<see cref="Dst.Kernels.SplitMix64"/>). So no number depends on which thread asks first, and a resumed run sees the numbers of an
/// unbroken one.
/// </summary>
public struct RandomStream
{
    private ulong _state;

    /// <summary>The stream of one purpose, epoch and sample (or layer).</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="purpose">What the numbers are for.</param>
    /// <param name="epoch">Epoch, training step or pass.</param>
    /// <param name="sample">Sample or layer.</param>
    public RandomStream(long seed, RandomPurpose purpose, long epoch = 0, long sample = 0)
    {
        _state = Mix(Mix(Mix(Mix((ulong)seed + GoldenGamma) + (ulong)purpose) + (ulong)epoch) + (ulong)sample);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits() => Mix(_state += GoldenGamma);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double NextDouble(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>Uniform integer in [0, count).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public int NextInt(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return (int)Math.BigMul(NextBits(), (ulong)count, out _);
    }

    /// <summary>Normal with mean 0 and deviation 1 (Box and Muller 1958).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>Beta(α, α) with α above 0, in [0, 1]: X/(X + Y) of two gamma variates.</summary>
    public double NextBeta(double alpha)
    {
        var (x, y) = (NextLogGamma(alpha), NextLogGamma(alpha));
        return 1 / (1 + Math.Exp(y - x));
    }

    /// <summary>A random order of 0 … count − 1 (Fisher and Yates).</summary>
    public int[] NextPermutation(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (var i = count - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    // The logarithm of a gamma variate, because the variate itself is 0 for a small α (Marsaglia and Tsang 2000: a variate of shape
    // α + 1, times U^(1/α)).
    private double NextLogGamma(double alpha)
    {
        var d = alpha + 2.0 / 3;
        while (true)
        {
            var x = NextNormal();
            var root = 1 + x / Math.Sqrt(9 * d);
            if (root <= 0) continue;
            var logV = 3 * Math.Log(root);
            var accepted = Math.Log(1 - NextDouble()) < x * x / 2 + d - d * Math.Exp(logV) + d * logV;
            if (accepted) return Math.Log(d) + logV + Math.Log(1 - NextDouble()) / alpha;
        }
    }
}
