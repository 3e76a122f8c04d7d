using System.Reflection;
using Dst.Kernels.Simd;
using Xunit.Sdk;

namespace Dst.Tests;

/// <summary>The vector widths that tests run on.</summary>
internal static class Tiers
{
    /// <summary>All tiers of the machine, narrowest first.</summary>
    public static IReadOnlyList<SimdTier> Available { get; } = [.. SimdTiers.UpTo(SimdTiers.Best)];

    /// <summary>The tiers that have vectors.</summary>
    public static IEnumerable<SimdTier> WithVectors => Available.Where(tier => tier != SimdTier.Scalar);

    /// <summary>Each tier with each of its arguments.</summary>
    public static TheoryData<SimdTier, T> With<T>(Func<SimdTier, IEnumerable<T>> argumentsOf)
    {
        var data = new TheoryData<SimdTier, T>();
        foreach (var tier in Available)
        {
            foreach (var argument in argumentsOf(tier)) data.Add(tier, argument);
        }

        return data;
    }
}

/// <summary>A theory's arguments, once on each tier, which is the first argument.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class TierDataAttribute(params object?[] arguments) : DataAttribute
{
    /// <summary>
    /// Whether the scalar tier, which runs the references, takes part. It does not where they are slow or compute something else.
    /// </summary>
    public bool Scalar { get; init; } = true;

    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) =>
        (Scalar ? Tiers.Available : Tiers.WithVectors).Select(tier => (object?[])[tier, .. arguments]);
}
