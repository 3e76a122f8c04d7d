using System.Text;
using static Dst.Kernels.SplitMix64;

namespace Dst.Foundations;

/// <summary>A short hash of a text. Different texts have different ones, unless someone tries to make them equal.</summary>
public static class Fingerprint
{
    /// <summary>16 hexadecimal digits.</summary>
    public static string Of(string text) =>
        $"{Encoding.UTF8.GetBytes(text).Aggregate(GoldenGamma, (hash, value) => Mix(hash ^ value)):x16}";
}
