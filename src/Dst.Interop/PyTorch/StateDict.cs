using Dst.Foundations;
using Dst.ModelFiles;

namespace Dst.Interop.PyTorch;

/// <summary>A named tensor that takes memory only when it is read.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its element type in PyTorch's words, such as <c>Float</c> or <c>Long</c>.</param>
/// <param name="Shape">Extent of each dimension.</param>
/// <param name="Read">Its values as 32-bit floats, row-major.</param>
public sealed record StateTensor(string Name, string Type, IReadOnlyList<int> Shape, Func<float[]> Read);

/// <summary>The tensors of a network of PyTorch, by name and without the network.</summary>
public sealed class StateDict : IDisposable
{
    private readonly IDisposable _file;

    internal StateDict(string path, IReadOnlyList<StateTensor> tensors, IDisposable file) => (Path, Tensors, _file) = (path, tensors, file);

    /// <summary>The file's name as it was given; messages begin with it.</summary>
    public string Path { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<StateTensor> Tensors { get; }

    /// <summary>Opens a file of <c>torch.save</c> (PyTorch 1.6 and later), or a safetensors file of 32-bit floats.</summary>
    /// <exception cref="InputException">It cannot be read, is of another kind, or has no tensors.</exception>
    public static StateDict Open(string path) => FileKind.NameOf(path) switch
    {
        FileKind.PyTorch => PyTorchFile.Open(path),
        FileKind.Pickle => throw new InputException(
            $"{path} is {FileKind.Pickle}; it was expected as torch.save(model.state_dict(), FILE) of version 1.6 or later writes it"),
        null => OpenSafetensors(path),
        var other => throw new InputException($"{path} is {other}; a state dict of PyTorch was expected"),
    };

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static StateDict OpenSafetensors(string path)
    {
        var file = SafetensorsFile.Open(path);
        return new(
            path,
            [.. file.Tensors.OrderBy(tensor => tensor.Value.Offset).Select(tensor => new StateTensor(
                tensor.Key, tensor.Value.Type == TensorType.F32 ? "Float" : $"{tensor.Value.Type}", tensor.Value.Shape,
                () => file.ReadFloats(tensor.Key, tensor.Value.Shape)))],
            file);
    }
}
