namespace Dst.Interop.CSource;

/// <summary>Where the weights of C source are.</summary>
public enum WeightsPlace
{
    /// <summary>Constants in the source.</summary>
    Source,

    /// <summary>A binary file beside the source, which a function takes at run time.</summary>
    Separate,
}
