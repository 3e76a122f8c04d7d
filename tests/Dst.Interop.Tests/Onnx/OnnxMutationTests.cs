using Dst.Interop.Onnx;

namespace Dst.Interop.Tests.Onnx;

[Collection(nameof(OnnxTools))]
public class OnnxMutationTests(OnnxTools tools)
{
    private const int Mutations = 2_500;
    private const long MaxBytes = 64L << 20;

    /// <summary>Changed files give a network or a sentence, and take no more memory than their size allows.</summary>
    [Theory]
    [InlineData("resnet8")]
    [InlineData("resnet20-option-a-10")]
    [InlineData("shufflenet")]
    [InlineData("assorted")]
    [InlineData("assorted-11")]
    [InlineData("newest")]
    [InlineData("channels-last")]
    [InlineData("external")]
    [InlineData("mobilenetv3-13")]
    [InlineData("convnext-17")]
    [InlineData("windows")]
    [InlineData("keras")]
    [InlineData("qdq")]
    [InlineData("functions")]
    public void A_mutated_file_is_imported_or_refused(string name)
    {
        var path = tools.PathOf(name);
        var original = File.ReadAllBytes(path);
        var random = new Random(11);
        var refused = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(original, random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                OnnxImporter.Import(path, bytes);
            }
            catch (InputException)
            {
                refused++;
            }

            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < MaxBytes, $"mutation {i} of {name} took {taken} bytes");
        }

        Assert.InRange(refused, 1, Mutations);
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = (byte[])original.Clone();
        var at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2:
                for (var i = random.Next(2, 9); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            case 3:
                // A large number as a protobuf varint.
                bytes.AsSpan(at, Math.Min(random.Next(1, 10), bytes.Length - at)).Fill(0xFF);
                return bytes;
            case 4:
                return bytes[..at];
            default:
                var from = random.Next(bytes.Length);
                bytes.AsSpan(from, Math.Min(random.Next(1, 64), bytes.Length - Math.Max(from, at))).CopyTo(bytes.AsSpan(at));
                return bytes;
        }
    }
}
