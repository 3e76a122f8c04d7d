using System.IO.Compression;
using Dst.Foundations;

namespace Dst.Interop.PyTorch;

/// <summary>
/// A file of <c>torch.save</c>: a zip archive, without compression, of a pickle (<c>data.pkl</c>) and the storages of its tensors
/// (<c>data/KEY</c>). Its pickle is read without executing anything.
/// </summary>
internal sealed class PyTorchFile : IDisposable
{
    private const string Pickle = "data.pkl";
    private const long MaxPickleBytes = 64L << 20;
    private const int MaxDepth = 3;
    private const int MaxDimensions = 8;
    private const int MaxRepeated = 1 << 24; // values of a tensor that has more than its storage, which a small file can ask for

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly ZipArchive _archive;
    private readonly string _folder;

    private PyTorchFile(string path, FileStream stream)
    {
        (_path, _stream) = (path, stream);
        _archive = new(stream, ZipArchiveMode.Read);
        var pickle = _archive.Entries.FirstOrDefault(entry => entry.Name == Pickle)
            ?? throw new InputException($"{path} is a zip archive without {Pickle}; a file of torch.save was expected");
        _folder = pickle.FullName[..^Pickle.Length];
    }

    /// <summary>Opens a file and finds its state dicts.</summary>
    /// <exception cref="InputException">It is not such a file, or has no state dict.</exception>
    public static StateDict Open(string path)
    {
        var stream = InputFile.Open(path);
        try
        {
            return InputFile.Guard(path, () =>
            {
                var file = new PyTorchFile(path, stream);
                return new StateDict(path, file.FindDictionaries(), file);
            });
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _archive.Dispose();
        _stream.Dispose();
    }

    private List<StateTensors> FindDictionaries()
    {
        if (Find("constants.pkl") is not null)
            throw new InputException($"{_path} is a TorchScript archive; a state dict, torch.save(model.state_dict(), FILE), was expected");
        if (Find("byteorder") is { } order && ReadText(order) != "little")
            throw new InputException($"{_path} has big-endian numbers; a file of a little-endian machine was expected");
        var root = PickleReader.Read(ReadEntry(Find(Pickle)!, MaxPickleBytes));
        var dictionaries = DictionariesOf(root, "", MaxDepth).Where(dictionary => dictionary.Tensors.Count > 0).ToList();
        if (dictionaries.Count > 0) return dictionaries;
        var found = root is PickleCall { Callable: var callable } ? $"an object of {Phrases.Shorten($"{callable}")}" : "no tensors";
        throw new InputException($"{_path} has {found}; a state dict, torch.save(model.state_dict(), FILE), was expected");
    }

    /// <summary>A dictionary and those in it, such as <c>state_dict</c> in a checkpoint.</summary>
    private IEnumerable<StateTensors> DictionariesOf(object? value, string key, int depth)
    {
        if (value is not PickleDictionary dictionary || depth == 0) return [];
        var start = key.Length > 0 ? $"{key}." : "";
        return dictionary.Items.SelectMany(item => DictionariesOf(item.Value, $"{start}{item.Key}", depth - 1))
            .Prepend(new(key, TensorsOf(dictionary)));
    }

    private List<StateTensor> TensorsOf(PickleDictionary dictionary)
    {
        List<StateTensor> tensors =
        [
            .. from item in dictionary.Items
               where item.Key is string
               let tensor = ToTensor((string)item.Key, item.Value)
               where tensor is not null
               select tensor,
        ];
        return Duplicate.Find(tensors.Select(tensor => tensor.Name)) is { } twice
            ? throw new InputException($"{_path} has the tensor '{Phrases.Shorten(twice)}' twice; different names were expected")
            : tensors;
    }

    /// <summary>The tensor that a call would rebuild, or null if the call is another one.</summary>
    private StateTensor? ToTensor(string name, object? value)
    {
        if (value is not PickleCall { Callable: PickleGlobal { Module: "torch._utils" } function, Arguments: var arguments }) return null;
        if (function.Name.StartsWith("_rebuild_parameter", StringComparison.Ordinal) && arguments.Length > 0)
            return ToTensor(name, arguments[0]);
        if (function.Name is not "_rebuild_tensor_v2") return OfOtherKind(name, function.Name, arguments);
        if (arguments is not [PickleReference { Id: object?[] id }, long offset, object?[] sizes, object?[] strides, ..]
            || id is not ["storage", PickleGlobal type, string key, ..] || sizes.Length != strides.Length || sizes.Length > MaxDimensions
            || !sizes.All(size => size is long and >= 0 and <= int.MaxValue) || !strides.All(stride => stride is long and >= 0))
            throw new InvalidDataException($"tensor '{Phrases.Shorten(name)}' has arguments that are not those of a tensor");
        var elementType = ElementTypeOf(type.Name);
        int[] shape = [.. sizes.Select(size => (int)(long)size!)];
        long[] steps = [.. strides.Select(stride => (long)stride!)];
        return new(name, elementType, shape, () => InputFile.Guard(
            _path, () => ReadView(name, ReadStorage(name, elementType, key), offset, shape, steps)));
    }

    /// <summary>A tensor that is not an array of numbers, and so cannot be read; messages name its kind.</summary>
    private StateTensor? OfOtherKind(string name, string function, object?[] arguments)
    {
        const string start = "_rebuild_";
        if (!function.StartsWith(start, StringComparison.Ordinal)) return null;
        var type = function == "_rebuild_tensor_v3" && arguments is [_, _, _, _, _, _, PickleGlobal dtype, ..] ? dtype.Name
            : function.Contains("sparse", StringComparison.Ordinal) ? "sparse"
            : function[start.Length..];
        return new(name, type, [], () => throw StateDictImporter.NotFloat(_path, name, type));
    }

    private static string ElementTypeOf(string storage) => storage.Replace("Storage", "", StringComparison.Ordinal) switch
    {
        "Float" => "float32",
        "Double" => "float64",
        "Half" => "float16",
        "BFloat16" => "bfloat16",
        "Char" => "int8",
        "Byte" => "uint8",
        "Short" => "int16",
        "Int" => "int32",
        "Long" => "int64",
        "ComplexFloat" => "complex64",
        "ComplexDouble" => "complex128",
        var other => other.ToLowerInvariant(),
    };

    private float[] ReadStorage(string name, string type, string key)
    {
        var entry = Find($"data/{key}") ?? throw new InputException(
            $"{_path} has no storage '{Phrases.Shorten(key)}' for tensor '{Phrases.Shorten(name)}', which was expected");
        return StateTensor.ToFloats(_path, name, type, ReadEntry(entry, Array.MaxLength));
    }

    /// <summary>The values of a tensor, which begins at an offset in its storage and has strides there.</summary>
    private float[] ReadView(string name, float[] storage, long offset, int[] shape, long[] strides)
    {
        var count = shape.Aggregate((Int128)1, (product, extent) => product * extent);
        var last = offset + shape.Zip(strides).Aggregate((Int128)0, (sum, axis) => sum + (Int128)Math.Max(axis.First - 1, 0) * axis.Second);
        if (offset < 0 || offset > storage.Length || count > 0 && last >= storage.Length)
            throw new InvalidDataException($"tensor '{Phrases.Shorten(name)}' reaches beyond its storage of {storage.Length} values");
        if (count > Math.Max(storage.Length, MaxRepeated))
            throw new InputException(
                $"{_path} repeats {storage.Length} values as the {count} of tensor '{Phrases.Shorten(name)}'; at most {MaxRepeated} were "
                    + "expected");
        if (IsContiguous(shape, strides)) return storage.AsSpan((int)offset, (int)count).ToArray();
        var values = new float[(int)count];
        var index = new int[shape.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = storage[offset + index.Zip(strides, (position, stride) => position * stride).Sum()];
            for (var axis = shape.Length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) index[axis] = 0;
        }

        return values;
    }

    private static bool IsContiguous(int[] shape, long[] strides)
    {
        var expected = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (shape[axis] > 1 && strides[axis] != expected) return false;
            expected *= shape[axis];
        }

        return true;
    }

    private ZipArchiveEntry? Find(string name) => _archive.GetEntry(_folder + name);

    private static string ReadText(ZipArchiveEntry entry) => System.Text.Encoding.ASCII.GetString(ReadEntry(entry, maxBytes: 100));

    private static byte[] ReadEntry(ZipArchiveEntry entry, long maxBytes)
    {
        // PyTorch does not compress, and what is not compressed is not larger than the file.
        if (entry.Length != entry.CompressedLength) throw new InvalidDataException($"'{entry.FullName}' is compressed");
        if (entry.Length > maxBytes)
            throw new InvalidDataException($"'{entry.FullName}' has {entry.Length} bytes; at most {maxBytes} were expected");
        using var stream = entry.Open();
        var bytes = new byte[entry.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
