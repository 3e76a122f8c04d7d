using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Dst.Fuzz;

/// <summary>A file of <c>torch.save</c> with the weights of a network, as PyTorch writes it.</summary>
internal static class StateDictFile
{
    private const string Folder = "archive";

    /// <summary>The pickle: an ordered dictionary of calls that would rebuild the tensors.</summary>
    public static byte[] PickleOf(Model model)
    {
        using var pickle = new MemoryStream();
        pickle.Write([0x80, 2, (byte)'}', (byte)'(']); // protocol 2, a dictionary, a mark
        foreach (var (key, (name, tensor)) in model.Parameters.Index())
        {
            WriteText(pickle, name);
            pickle.Write("ctorch._utils\n_rebuild_tensor_v2\n(("u8);
            WriteText(pickle, "storage");
            pickle.Write("ctorch\nFloatStorage\n"u8);
            WriteText(pickle, $"{key}");
            WriteText(pickle, "cpu");
            WriteNumber(pickle, tensor.Data.Length);
            pickle.Write("tQ"u8);
            WriteNumber(pickle, 0);
            pickle.WriteByte((byte)'(');
            foreach (var extent in tensor.Shape) WriteNumber(pickle, extent);
            pickle.Write("t("u8);
            for (var axis = 1; axis <= tensor.Shape.Length; axis++) WriteNumber(pickle, tensor.Shape[axis..].Aggregate(1, (a, b) => a * b));
            pickle.Write([(byte)'t', 0x89, (byte)'}', (byte)'t', (byte)'R']); // False, an empty dictionary, the call
        }

        pickle.Write("u."u8);
        return pickle.ToArray();
    }

    /// <summary>The archive of a pickle and the storages of a network.</summary>
    public static byte[] Pack(byte[] pickle, Model model)
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, "data.pkl", pickle);
            foreach (var (key, (_, tensor)) in model.Parameters.Index())
                Add(archive, $"data/{key}", System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(tensor.Data));
        }

        return file.ToArray();
    }

    private static void Add(ZipArchive archive, string name, ReadOnlySpan<byte> content)
    {
        var entry = archive.CreateEntry($"{Folder}/{name}", CompressionLevel.NoCompression);
        entry.LastWriteTime = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var stream = entry.Open();
        stream.Write(content);
    }

    private static void WriteText(Stream pickle, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        pickle.WriteByte((byte)'X');
        pickle.Write(BitConverter.GetBytes(bytes.Length));
        pickle.Write(bytes);
    }

    private static void WriteNumber(Stream pickle, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        pickle.WriteByte((byte)'J');
        pickle.Write(bytes);
    }
}
