using Dst.Graph;
using Dst.Quantisation;

namespace Dst.Runtime.Lowering;

/// <summary>Type of the elements of a value.</summary>
public enum ElementType
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>8-bit unsigned integer, which stands for a number by a <see cref="ByteScale"/>.</summary>
    UInt8,
}

/// <summary>A value of a lowered program.</summary>
/// <param name="Shape">Channels, height and width of one image's value.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Scale">What its bytes stand for; null of floats.</param>
public readonly record struct LoweredValue(FeatureShape Shape, ElementType Type, ByteScale? Scale = null);
