using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Poolings of bytes: the loops of <see cref="ByteMap"/>.</summary>
internal static unsafe class BytePool
{
    /// <summary>The largest byte of each window: the specification.</summary>
    public static void MaxReference(WindowShape shape, byte* x, byte* y)
    {
        for (var o = 0L; o < shape.OutputLength(1); o++)
        {
            y[o] = 0;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) y[o] = Math.Max(y[o], x[i]);
            }
        }
    }

    /// <summary>The same, sixteen channels at a time.</summary>
    public static void Max(WindowShape shape, byte* x, byte* y)
    {
        if (shape.IsTwoByTwo)
        {
            Halve(shape.Planes(1) * (shape.Height / 2), shape.Width, x, y);
            return;
        }

        for (var plane = 0; plane < shape.Blocks; plane++, x += shape.InputPlane)
        {
            for (var oy = 0; oy < shape.OutHeight; oy++)
            {
                var rows = shape.Rows(oy);
                for (var ox = 0; ox < shape.OutWidth; ox++, y += Layout.Block)
                {
                    var (columns, most) = (shape.Columns(ox), Vector128<byte>.Zero);
                    for (var row = rows.First; row < rows.End; row++)
                    {
                        var source = x + ((long)row * shape.Width + columns.First) * Layout.Block;
                        for (var column = columns.First; column < columns.End; column++, source += Layout.Block)
                            most = Vector128.Max(most, Vector128.Load(source));
                    }

                    most.Store(y);
                }
            }
        }
    }

    /// <summary>The largest byte of each 2×2 window of pairs of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Halve(long pairs, int width, byte* x, byte* y)
    {
        for (nint pitch = width * Layout.Block; pairs > 0; pairs--, x += pitch)
        {
            for (var end = x + pitch; x < end; x += 2 * Layout.Block, y += Layout.Block)
            {
                var upper = Vector128.Max(Vector128.Load(x), Vector128.Load(x + Layout.Block));
                var lower = Vector128.Max(Vector128.Load(x + pitch), Vector128.Load(x + pitch + Layout.Block));
                Vector128.Max(upper, lower).Store(y);
            }
        }
    }

    /// <summary>The requantised sum of each window: the specification.</summary>
    public static void MeanReference(WindowShape shape, bool countPadding, byte zero, int shift, Requantisation result, byte* x, byte* y)
    {
        for (var o = 0L; o < shape.OutputLength(1); o++)
        {
            var (sum, inside) = (0, 0);
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) (sum, inside) = (sum + x[i], inside + 1);
            }

            var count = shape.CountOf(o, countPadding);
            y[o] = result.Apply(result.Offsets.Length == 1 ? 0 : count - 1, sum + (count - inside) * zero << shift);
        }
    }

    /// <summary>The same, sixteen channels at a time.</summary>
    internal readonly struct Mean(WindowShape shape, bool countPadding, byte zero, int shift, Requantisation result, byte* x, byte* y)
        : IIntKernel
    {
        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            byte* plane = x, destination = y;
            var table = stackalloc int[RequantisationTable.Length];
            var (by, filled) = (new RequantisationTable(table, result), -1);
            for (var block = 0; block < shape.Blocks; block++, plane += shape.InputPlane)
            {
                for (var oy = 0; oy < shape.OutHeight; oy++)
                {
                    var rows = shape.Rows(oy);
                    for (var ox = 0; ox < shape.OutWidth; ox++, destination += Layout.Block)
                    {
                        var columns = shape.Columns(ox);
                        var count = rows.Count(countPadding) * columns.Count(countPadding);
                        var inside = (rows.End - rows.First) * (columns.End - columns.First);
                        var sum = T.Broadcast((count - inside) * zero);
                        for (var row = rows.First; row < rows.End; row++)
                        {
                            for (var column = columns.First; column < columns.End; column++)
                                sum = T.Add(sum, T.Bytes(plane + ((long)row * shape.Width + column) * Layout.Block));
                        }

                        var index = result.Offsets.Length == 1 ? 0 : count - 1;
                        for (var lane = 0; index != filled && lane < Layout.Block; lane++)
                            RequantisationTable.Fill(result, index, lane, table);
                        filled = index;
                        var requantisation = new LaneRequantisation<T>(by);
                        requantisation.StorePixel(destination, T.Requantise(T.ShiftLeft(sum, shift), requantisation));
                    }
                }
            }
        }
    }
}
