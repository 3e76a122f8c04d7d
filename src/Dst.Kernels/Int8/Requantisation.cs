namespace Dst.Kernels;

/// <summary>
/// How an integer sum becomes a byte, where i is the channel:
/// <code>
/// y = clamp(⌊(sum·Multiplier[i] + residual·ResidualMultiplier·2^ResidualShift + Offset[i]) / 2^(32 + Shift)⌋)
/// </code>
/// The offset holds everything that is constant: bias, zero points and the half that makes the floor round to the
/// nearest, a tie upwards. All of it is exact in 64-bit integers; docs/method.md is the specification.
/// </summary>
public sealed record Requantisation
{
    /// <summary>Largest <see cref="Shift"/>.</summary>
    public const int MaxShift = 15;

    /// <summary>Largest size of a bias in an offset: its sums saturate in either case.</summary>
    private const double MaxBias = 1L << 60;

    private const int MaxResidualShift = 22;
    private const int FixedShift = 32;

    private Requantisation(int[] multipliers, long[] offsets, int shift, byte low, byte high) =>
        (Multipliers, Offsets, Shift, Low, High) = (multipliers, offsets, shift, low, high);

    /// <summary>Factor of a sum, for each channel.</summary>
    public int[] Multipliers { get; private init; }

    /// <summary>What is added, for each channel.</summary>
    public long[] Offsets { get; private init; }

    /// <summary>Bits that are dropped besides the lower 32.</summary>
    public int Shift { get; }

    /// <summary>Smallest result.</summary>
    public byte Low { get; }

    /// <summary>Largest result.</summary>
    public byte High { get; }

    /// <summary>Whether a larger sum never gives a smaller byte.</summary>
    public bool KeepsOrder => Multipliers.All(multiplier => multiplier >= 0);

    /// <summary>Factor of a second byte that is added; 0 without one.</summary>
    public int ResidualMultiplier { get; private init; }

    /// <summary>Bits by which the second byte is shifted up.</summary>
    public int ResidualShift { get; private init; }

    /// <summary>
    /// The integers of y = factor[i]·(sum − zero[i]) + bias[i] + residualFactor·(residual − residualZero) + outputZero, or null where
    /// they cannot express it: a factor must be below 1/2, and the residual's factor at most 64.
    /// </summary>
    /// <param name="factors">Steps of the output for a step of the sum.</param>
    /// <param name="zeros">The sum that stands for 0.</param>
    /// <param name="biases">In steps of the output.</param>
    /// <param name="output">Zero and bounds of the output.</param>
    /// <param name="residualFactor">Steps of the output for a step of the residual.</param>
    /// <param name="residualZero">The residual that stands for 0.</param>
    public static Requantisation? Create(
        double[] factors, long[] zeros, double[] biases, ByteRange output, double residualFactor = 0, byte residualZero = 0)
    {
        var largest = factors.Max(Math.Abs);
        if (!(largest < 0.5) || !(residualFactor is >= 0 and <= 64)) return null;
        // The largest multiplier has 31 bits, unless the factors are tiny.
        var shift = largest == 0 ? 0 : Math.Clamp(-2 - Math.ILogB(largest), 0, MaxShift);
        var one = Math.ScaleB(1, FixedShift + shift);
        var residualShift = residualFactor == 0 ? 0 : Math.Clamp(Math.ILogB(residualFactor * one) - 30, 0, MaxResidualShift);
        var residualMultiplier = Fixed(residualFactor * Math.ScaleB(one, -residualShift));
        var constant = (long)(output.Zero * one + one / 2) - residualZero * ((long)residualMultiplier << residualShift);
        var (multipliers, offsets) = (new int[factors.Length], new long[factors.Length]);
        for (var i = 0; i < factors.Length; i++)
        {
            multipliers[i] = Fixed(factors[i] * one);
            offsets[i] = constant + (long)Math.Clamp(Math.Round(biases[i] * one), -MaxBias, MaxBias) - zeros[i] * multipliers[i];
        }

        return new(multipliers, offsets, shift, output.Low, output.High)
        {
            ResidualMultiplier = residualMultiplier,
            ResidualShift = residualShift,
        };
    }

    /// <summary>The bytes of sum + addend, with an addend for each channel.</summary>
    internal Requantisation WithAddends(int[] addends)
    {
        int[] multipliers = Multipliers.Length == 1 ? [.. Enumerable.Repeat(Multipliers[0], addends.Length)] : Multipliers;
        var offsets = addends.Select((addend, i) => Offsets[Offsets.Length == 1 ? 0 : i] + (long)addend * multipliers[i]);
        return this with { Multipliers = multipliers, Offsets = [.. offsets] };
    }

    /// <summary>The byte of a sum: the specification.</summary>
    /// <param name="index">The channel.</param>
    /// <param name="sum">The sum.</param>
    /// <param name="residual">The byte that is added.</param>
    public byte Apply(int index, int sum, byte residual = 0)
    {
        var total = (long)sum * Multipliers[index] + Offsets[index] + (((long)residual * ResidualMultiplier) << ResidualShift);
        return (byte)Math.Clamp((int)(total >> FixedShift) >> Shift, Low, High);
    }

    private static int Fixed(double value) => (int)Math.Clamp(Math.Round(value), -int.MaxValue, int.MaxValue);
}

/// <summary>The bytes of a value: which stands for 0, and to which they are clamped.</summary>
/// <param name="Zero">The byte that stands for 0.</param>
/// <param name="Low">The smallest.</param>
/// <param name="High">The largest.</param>
public readonly record struct ByteRange(byte Zero, byte Low, byte High);

/// <summary>How an integer sum becomes a float: (sum + Offsets[i])·Scales[i].</summary>
/// <param name="Offsets">For each channel the bias, less the sum that stands for 0.</param>
/// <param name="Scales">For each channel the size of a step of the sum.</param>
public sealed record SumScale(int[] Offsets, float[] Scales)
{
    /// <summary>The float of a sum.</summary>
    public float Apply(int channel, int sum) => (float)(sum + Offsets[channel]) * Scales[channel];
}
