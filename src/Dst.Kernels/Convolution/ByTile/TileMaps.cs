namespace Dst.Kernels;

/// <summary>The maps of an image that a layer reads and writes.</summary>
/// <param name="x">What it reads.</param>
/// <param name="input">How that lies in memory.</param>
/// <param name="residual">How the residual lies in memory: blocked, or as planes.</param>
/// <param name="y">What it writes.</param>
/// <param name="output">How that lies in memory: blocked, or as planes.</param>
public readonly unsafe struct TileMaps(float* x, MapLayout input, MapLayout residual, float* y, MapLayout output)
{
    internal readonly float* X = x;
    internal readonly MapLayout Input = input;
    internal readonly MapLayout Residual = residual;
    internal readonly float* Y = y;
    internal readonly MapLayout Output = output;
}
