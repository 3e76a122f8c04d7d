using System.Globalization;

namespace Dst.Interop.Onnx.Reading;

/// <summary>Arithmetic of row-major tensors.</summary>
internal static class RowMajor
{
    /// <summary>Largest number of dimensions of a tensor.</summary>
    public const int MaxRank = 8;

    /// <summary>Number of elements, at most <see cref="int.MaxValue"/>.</summary>
    /// <exception cref="InputException">There are more.</exception>
    public static int Count(IEnumerable<int> shape)
    {
        // A 0 anywhere makes the product 0, however large the extents before it are.
        var extents = shape as IReadOnlyCollection<int> ?? [.. shape];
        if (extents.Contains(0)) return 0;
        var count = 1L;
        foreach (var extent in extents)
        {
            count *= extent;
            if (count > int.MaxValue)
                throw new InputException($"has a tensor of the shape {Text(extents)}; at most {int.MaxValue} elements were expected");
        }

        return (int)count;
    }

    /// <summary>Distance in memory between neighbours along each dimension.</summary>
    public static int[] Strides(int[] shape)
    {
        var strides = new int[shape.Length];
        var stride = 1;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(1, shape[axis]);
        }

        return strides;
    }

    /// <summary>Where each element of a view lies in the memory of the viewed tensor.</summary>
    public static int[] Positions(int[] shape, int offset, int[] strides)
    {
        var positions = new int[Count(shape)];
        var index = new int[shape.Length];
        var position = offset;
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = position;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                position += strides[axis];
                if (++index[axis] < shape[axis]) break;
                position -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return positions;
    }

    /// <summary>A shape as text, such as <c>[1, 3, 32, 32]</c>.</summary>
    public static string Text<T>(IEnumerable<T> shape) where T : IFormattable =>
        $"[{string.Join(", ", shape.Select(extent => extent.ToString(null, CultureInfo.InvariantCulture)))}]";

    /// <summary>Numbers of a file as text, of which there may be too many: cut behind one more than a tensor has dimensions.</summary>
    public static string ShortText<T>(IEnumerable<T> numbers) where T : IFormattable => Text(numbers.Take(MaxRank + 1));
}
