namespace Dst.Runtime.Quantisation;

/// <summary>How the range of a value is found from what it is on calibration images.</summary>
public enum RangeMethod
{
    /// <summary>The smallest and the largest.</summary>
    Minmax,

    /// <summary>All but the 0.01 % that are farthest out on each side.</summary>
    Percentile,

    /// <summary>The share of the whole range with the least squared error.</summary>
    Mse,
}
