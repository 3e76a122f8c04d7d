using Dst.Graph;

namespace Dst.Tests.Golden;

/// <summary>The weights, images and labels of make_golden.py, bit for bit: a hash of a name and an index.</summary>
internal static class GoldenInputs
{
    /// <summary>Numbers in [−1, 1) with 24 bits.</summary>
    public static double Uniform(string name, int index) => (Hash(name, index) >> 8) / (double)(1 << 23) - 1;

    /// <summary>The network of the golden run with its initial weights.</summary>
    public static Model Model(CheckedGraph graph)
    {
        var shapes = graph.Parameters;
        var classifier = shapes.Last(shape => shape.Role == ParameterRole.Weight).Name;
        return new(
            graph, shapes.ToDictionary(shape => shape.Name, shape => new Tensor(shape.Shape, Values(shape, shape.Name == classifier))));
    }

    /// <summary>Images [count, C, H, W] and labels of one step.</summary>
    public static (float[] Images, int[] Labels) Batch(int step, int count, int classes, FeatureShape shape)
    {
        var size = (int)shape.Count;
        var labels = Enumerable.Range(0, count).Select(i => (int)(Hash($"labels.{step}", i) >> 8) % classes).ToArray();
        var name = $"images.{step}";
        var images = new float[count * size];
        for (var i = 0; i < images.Length; i++)
            images[i] = (float)(Uniform(name, i) + 0.5 * Uniform("patterns", labels[i / size] * size + i % size));
        return (images, labels);
    }

    private static float[] Values(ParameterShape shape, bool isClassifier)
    {
        if (shape.Role == ParameterRole.Statistic)
            return [.. Enumerable.Repeat(shape.Name.EndsWith(".running_var", StringComparison.Ordinal) ? 1f : 0f, (int)shape.Count)];
        var fanIn = shape.Count / shape.Shape[0];
        var (low, amplitude) = shape.Role switch
        {
            ParameterRole.Weight => (0, isClassifier ? 1 / Math.Sqrt(fanIn) : Math.Sqrt(6.0 / fanIn)),
            ParameterRole.Scale => (1, 0.1),
            _ => (0, 0.1),
        };
        return [.. Enumerable.Range(0, (int)shape.Count).Select(i => (float)(low + amplitude * Uniform(shape.Name, i)))];
    }

    private static uint Hash(string name, int index)
    {
        var key = 0x811C9DC5; // FNV-1a
        foreach (var letter in name) key = (key ^ letter) * 0x01000193;
        var x = key + (uint)index * 0x9E3779B9;
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        return x ^ (x >> 16);
    }
}
