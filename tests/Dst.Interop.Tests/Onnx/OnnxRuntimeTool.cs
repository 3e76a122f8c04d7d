using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Dst.Interop.Tests.Onnx;

/// <summary>ONNX Runtime, the judge of what a file means.</summary>
internal static class OnnxRuntimeTool
{
    /// <summary>What ONNX Runtime computes from images [N, C, H, W], or [N, H, W, C] if the file wants these.</summary>
    public static (int[] Shape, float[] Values) Run(string path, (int[] Shape, float[] Values) images)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        using var session = new InferenceSession(path, options);
        var (name, input) = session.InputMetadata.First();
        var value = input.ElementType == typeof(Float16)
            ? NamedOnnxValue.CreateFromTensor(
                name, new DenseTensor<Float16>(Array.ConvertAll(images.Values, x => (Float16)x), images.Shape))
            : NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(images.Values, images.Shape));
        using var results = session.Run([value]);
        var result = results.Single();
        if (result.ElementType == TensorElementType.Float16)
        {
            var halves = result.AsTensor<Float16>();
            return (halves.Dimensions.ToArray(), [.. halves.Select(half => (float)half)]);
        }

        var scores = result.AsTensor<float>();
        return (scores.Dimensions.ToArray(), [.. scores]);
    }
}
