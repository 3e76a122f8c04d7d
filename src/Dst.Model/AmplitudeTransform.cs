namespace Dst;

/// <summary>What becomes of a pixel a in [0, 1] before it is normalised.</summary>
public enum AmplitudeTransform
{
    /// <summary>a.</summary>
    None,

    /// <summary>√a.</summary>
    Sqrt,

    /// <summary>log(1 + 255a) / log 256.</summary>
    Log,
}
