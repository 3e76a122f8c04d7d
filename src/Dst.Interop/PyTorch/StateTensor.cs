using System.Runtime.InteropServices;

namespace Dst.Interop.PyTorch;

/// <summary>A named tensor that takes memory only when it is read.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its element type as PyTorch names it, such as <c>float32</c> or <c>int64</c>.</param>
/// <param name="Shape">Extent of each dimension.</param>
/// <param name="Read">Its values as 32-bit floats, row-major.</param>
/// <seealso cref="StateDictImporter"/>
public sealed record StateTensor(string Name, string Type, IReadOnlyList<int> Shape, Func<float[]> Read)
{
    /// <summary>Whether its elements are floats, which alone can be weights.</summary>
    internal bool IsFloat => Type is "float32" or "float64" or "float16" or "bfloat16";

    /// <summary>Stored values as 32-bit floats.</summary>
    /// <exception cref="InputException">The type is not one of floats.</exception>
    internal static float[] ToFloats(string path, string name, string type, byte[] bytes) => type switch
    {
        "float32" => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        "float64" => Array.ConvertAll(MemoryMarshal.Cast<byte, double>(bytes).ToArray(), value => (float)value),
        "float16" => Array.ConvertAll(MemoryMarshal.Cast<byte, Half>(bytes).ToArray(), value => (float)value),
        "bfloat16" => Array.ConvertAll(
            MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), value => BitConverter.Int32BitsToSingle(value << 16)),
        _ => throw StateDictImporter.NotFloat(path, name, type),
    };
}

/// <summary>The tensors of one dictionary of a file.</summary>
/// <param name="Key">Where the dictionary lies: keys joined by dots, such as <c>state_dict</c>; empty for the file itself.</param>
/// <param name="Tensors">Its tensors in the order of the file, with different names.</param>
/// <seealso cref="StateDictImporter"/>
public sealed record StateTensors(string Key, IReadOnlyList<StateTensor> Tensors);
