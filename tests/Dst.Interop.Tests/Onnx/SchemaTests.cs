using Dst.Interop.Onnx.Schema;

namespace Dst.Interop.Tests.Onnx;

public class SchemaTests
{
    [Fact]
    public void Unknown_fields_are_skipped()
    {
        byte[] file = [8, 7, 0xFA, 0x3F, 2, 1, 2]; // ir_version: 7, then field 1023 of two bytes
        Assert.Equal(7, ModelProto.Parser.ParseFrom(file).IrVersion);
    }
}
