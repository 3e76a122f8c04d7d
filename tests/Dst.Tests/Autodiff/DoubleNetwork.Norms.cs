using Dst.Graph;

namespace Dst.Tests.Autodiff;

/// <summary>Normalisations over the channels of a pixel.</summary>
internal sealed partial class DoubleNetwork
{
    private void NormaliseChannels(Node node, double epsilon, bool backward)
    {
        var (weights, biases) = (Parameters[$"{node.Name}.weight"], Parameters[$"{node.Name}.bias"]);
        ForEachPixel(node, (x, places) =>
        {
            var (mean, count) = (places.Average(i => x[i]), places.Length);
            var inverse = 1 / Math.Sqrt(places.Average(i => (x[i] - mean) * (x[i] - mean)) + epsilon);
            double[] normal = [.. places.Select(i => (x[i] - mean) * inverse)];
            if (!backward)
            {
                for (var c = 0; c < count; c++) _values[node.Name][places[c]] = weights[c] * normal[c] + biases[c];
                return;
            }

            var dy = places.Select(i => _gradients[node.Name][i]).ToArray();
            // The gradient of each normalised value, through the mean and the deviation too.
            double[] weighted = [.. dy.Select((gradient, c) => gradient * weights[c])];
            var (sum, product) = (weighted.Average(), weighted.Zip(normal).Average(pair => pair.First * pair.Second));
            for (var c = 0; c < count; c++)
            {
                _gradients[node.Inputs[0]][places[c]] += inverse * (weighted[c] - sum - normal[c] * product);
                Gradients[$"{node.Name}.weight"][c] += dy[c] * normal[c];
                Gradients[$"{node.Name}.bias"][c] += dy[c];
            }
        });
    }

    private void NormaliseNeighbours(Node node, LocalResponseNormOp norm, bool backward) => ForEachPixel(node, (x, places) =>
    {
        for (var c = 0; c < places.Length; c++)
        {
            var neighbours = Enumerable.Range(c - (norm.Size - 1) / 2, norm.Size).Where(j => j >= 0 && j < places.Length).ToArray();
            var sum = norm.Bias + norm.Alpha / (double)norm.Size * neighbours.Sum(j => x[places[j]] * x[places[j]]);
            if (!backward)
            {
                _values[node.Name][places[c]] = x[places[c]] * Math.Pow(sum, -norm.Beta);
                continue;
            }

            var (dx, dy) = (_gradients[node.Inputs[0]], _gradients[node.Name][places[c]]);
            dx[places[c]] += dy * Math.Pow(sum, -norm.Beta);
            foreach (var j in neighbours)
                dx[places[j]] -= dy * x[places[c]] * norm.Beta * Math.Pow(sum, -norm.Beta - 1) * 2 * norm.Alpha / norm.Size * x[places[j]];
        }
    });

    /// <summary>Calls <paramref name="action"/> with the input and the places of the channels of each pixel.</summary>
    private void ForEachPixel(Node node, Action<double[], int[]> action)
    {
        var shape = _shapes[node.Name];
        var pixels = shape.Height * shape.Width;
        for (var pixel = 0; pixel < _images * pixels; pixel++)
        {
            var first = pixel / pixels * shape.Channels * pixels + pixel % pixels;
            action(_values[node.Inputs[0]], [.. Enumerable.Range(0, shape.Channels).Select(c => first + c * pixels)]);
        }
    }
}
