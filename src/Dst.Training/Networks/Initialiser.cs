using Dst.Foundations;
using Dst.Graph;

namespace Dst.Training.Networks;

/// <summary>
/// Initial weights, with fan-in = I·Kh·Kw and fan-out = O·Kh·Kw:
/// <list type="bullet">
/// <item>Convolutions: normal with deviation √(2 / fan-out), biases 0 (He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV
/// 2015)</item>
/// <item>Those that a tanh follows: deviation 1 / √fan-in (LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998)</item>
/// <item>Batch normalisation and affine maps: scale 1, shift 0, mean 0, variance 1</item>
/// <item>PReLU: slope 0.25, as He and others have it</item>
/// <item>The last layer with weights, and every linear layer: weights and biases uniform in ±1 / √fan-in, as in PyTorch</item>
/// </list>
/// </summary>
public static class Initialiser
{
    private const float InitialSlope = 0.25f;

    /// <summary>A model of <paramref name="graph"/> whose weights depend only on the graph and <paramref name="seed"/>.</summary>
    public static Model Initialise(CheckedGraph graph, long seed)
    {
        var shapes = graph.Parameters;
        var weights = shapes.Where(shape => shape.Role == ParameterRole.Weight).ToDictionary(shape => shape.Layer);
        var beforeTanh = graph.Nodes.Where(node => node.Operation is TanhOp).Select(node => node.Inputs[0]).ToHashSet();
        var classifier = shapes.LastOrDefault(shape => shape.Role == ParameterRole.Weight)?.Layer;
        var parameters = new Dictionary<string, Tensor>();
        for (var i = 0; i < shapes.Count; i++)
        {
            var shape = shapes[i];
            var values = new float[shape.Count];
            var random = new RandomStream(seed, RandomPurpose.Initialise, epoch: 0, sample: i);
            if (weights.TryGetValue(shape.Layer, out var weight))
                FillWeighted(values, shape.Role, weight, shape.Layer == classifier, beforeTanh.Contains(shape.Layer), random);
            else if (shape.Role == ParameterRole.Scale || shape.Name.EndsWith(".running_var", StringComparison.Ordinal))
                Array.Fill(values, 1);
            else if (shape.Role == ParameterRole.Slope) Array.Fill(values, InitialSlope);
            parameters[shape.Name] = new(shape.Shape, values);
        }

        return new(graph, parameters);
    }

    private static void FillWeighted(
        float[] values, ParameterRole role, ParameterShape weight, bool isClassifier, bool isBeforeTanh, RandomStream random)
    {
        var outputs = weight.Shape[0];
        if (isClassifier || weight.Shape.Length == 2)
        {
            var bound = 1 / Math.Sqrt(weight.Count / outputs);
            for (var i = 0; i < values.Length; i++) values[i] = (float)random.NextDouble(-bound, bound);
        }
        else if (role == ParameterRole.Weight)
        {
            var taps = weight.Shape[2] * weight.Shape[3];
            var deviation = isBeforeTanh ? Math.Sqrt(1.0 / (weight.Shape[1] * taps)) : Math.Sqrt(2.0 / (outputs * taps));
            for (var i = 0; i < values.Length; i++) values[i] = (float)(deviation * random.NextNormal());
        }
    }
}
