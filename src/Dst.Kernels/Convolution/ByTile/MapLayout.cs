namespace Dst.Kernels;

/// <summary>How a map lies in memory.</summary>
public enum MapLayout
{
    /// <summary>[C/16, H, W, 16].</summary>
    Blocked,

    /// <summary>[C, H, W].</summary>
    Plain,

    /// <summary>
    /// [C, 4, 4, H/4, W/4]: the first plane has the top left pixels of all squares of 4×4 pixels, the next one those to the right of them.
    /// C is rounded up to a multiple of 16.
    /// </summary>
    Planes,
}
