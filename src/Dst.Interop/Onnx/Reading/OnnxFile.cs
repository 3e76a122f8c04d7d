using Dst.Interop.Onnx.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Dst.Interop.Onnx.Reading;

/// <summary>The bytes of an ONNX file as a protobuf message.</summary>
internal static class OnnxFile
{
    /// <summary>Most fields and packed integers of a file. Each may be one byte in the file and take about a hundred once parsed.</summary>
    private const int MaxItems = 1 << 22;

    /// <summary>Parses a whole file. Fields that the schema does not have are skipped.</summary>
    /// <exception cref="InputException">The bytes are not an ONNX file, or have more than <see cref="MaxItems"/> fields.</exception>
    public static ModelProto Parse(byte[] bytes)
    {
        try
        {
            CheckItems(bytes);
            return ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InputException($"is not an ONNX file, or a truncated one: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}", e);
        }
    }

    private static void CheckItems(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        var items = 0L;
        CountItems(input, ModelProto.Descriptor, bytes.Length, ref items);
    }

    /// <summary>Walks one message. The schema nests no message in itself, so the depth is bounded.</summary>
    private static void CountItems(CodedInputStream input, MessageDescriptor message, long end, ref long items)
    {
        while (input.Position < end && input.ReadTag() is var tag and not 0)
        {
            items++;
            var field = message.FindFieldByNumber(WireFormat.GetTagFieldNumber(tag));
            if (field is null || WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
            {
                input.SkipLastField();
            }
            else if (field.FieldType == FieldType.Message)
            {
                var length = input.ReadLength();
                CountItems(input, field.MessageType, input.Position + length, ref items);
            }
            else
            {
                var start = input.Position;
                input.SkipLastField();
                if (field.FieldType is FieldType.Int32 or FieldType.Int64) items += input.Position - start;
            }

            if (items > MaxItems) throw new InputException($"has more than {MaxItems} fields besides raw data; fewer were expected");
        }
    }
}
