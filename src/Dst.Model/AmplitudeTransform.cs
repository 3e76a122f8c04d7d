namespace Dst;

/// <summary>The function of a pixel a in [0, 1] that is applied before normalisation.</summary>
public enum AmplitudeTransform
{
    /// <summary>a.</summary>
    None,

    /// <summary>√a.</summary>
    Sqrt,

    /// <summary>log(1 + 255a) / log 256.</summary>
    Log,
}
