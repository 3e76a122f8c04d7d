using Dst.Foundations;
using Dst.ModelFiles;

namespace Dst.Interop.PyTorch;

/// <summary>The tensors of networks of PyTorch, by name and without the networks. A checkpoint may have several state dicts.</summary>
public sealed class StateDict : IDisposable
{
    private readonly IDisposable _file;

    internal StateDict(string path, IReadOnlyList<StateTensors> dictionaries, IDisposable file) =>
        (Path, Dictionaries, _file) = (path, dictionaries, file);

    /// <summary>The file's name as it was given; messages begin with it.</summary>
    public string Path { get; }

    /// <summary>The dictionaries that have tensors, at least one, in the order of the file.</summary>
    public IReadOnlyList<StateTensors> Dictionaries { get; }

    /// <summary>The tensors of all dictionaries.</summary>
    public IEnumerable<StateTensor> Tensors => Dictionaries.SelectMany(dictionary => dictionary.Tensors);

    /// <summary>Opens a file of <c>torch.save</c> (PyTorch 1.6 and later), or a safetensors file.</summary>
    /// <exception cref="InputException">It cannot be read, is of another kind, or has no tensors.</exception>
    public static StateDict Open(string path) => FileKind.NameOf(path) switch
    {
        FileKind.Zip => PyTorchFile.Open(path),
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
        var tensors =
            from tensor in file.Tensors
            orderby tensor.Value.Offset
            let type = TypeOf(tensor.Value.Type)
            select new StateTensor(
                tensor.Key, type, tensor.Value.Shape, () => StateTensor.ToFloats(path, tensor.Key, type, file.ReadStored(tensor.Key)));
        return new(path, [new("", [.. tensors])], file);
    }

    private static string TypeOf(TensorType type) => type switch
    {
        TensorType.F32 => "float32",
        TensorType.F64 => "float64",
        TensorType.F16 => "float16",
        TensorType.BF16 => "bfloat16",
        _ => $"{type}",
    };
}
