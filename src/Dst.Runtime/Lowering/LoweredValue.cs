using Dst.Graph;

namespace Dst.Runtime.Lowering;

/// <summary>Type of the elements of a value.</summary>
public enum ElementType
{
    /// <summary>32-bit floating point.</summary>
    Float32,
}

/// <summary>A value of a lowered program.</summary>
/// <param name="Shape">Channels, height and width of one image's value.</param>
/// <param name="Type">Type of its elements.</param>
public readonly record struct LoweredValue(FeatureShape Shape, ElementType Type);
