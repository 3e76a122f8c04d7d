using Dst.Graph;

namespace Dst.Tests.Autodiff;

/// <summary>Normalisations by the statistics of a pixel or of an image.</summary>
internal sealed partial class DoubleNetwork
{
    private void NormaliseChannels(Node node, double epsilon, bool backward) =>
        ForEachPixel(node, (_, places) => NormaliseTogether(node, places, epsilon, backward));

    private void NormaliseGroups(Node node, GroupNormOp norm, bool backward)
    {
        var count = _values[node.Name].Length / (_images * norm.Groups); // a group's channels are neighbours
        for (var group = 0; group < _images * norm.Groups; group++)
            NormaliseTogether(node, [.. Enumerable.Range(group * count, count)], norm.Epsilon, backward);
    }

    /// <summary>Normalises the values at some places, then scales and shifts each by its channel.</summary>
    private void NormaliseTogether(Node node, int[] places, double epsilon, bool backward)
    {
        var (weights, biases) = (Parameters[$"{node.Name}.weight"], Parameters[$"{node.Name}.bias"]);
        var (x, shape) = (_values[node.Inputs[0]], _shapes[node.Name]);
        var mean = places.Average(i => x[i]);
        var inverse = 1 / Math.Sqrt(places.Average(i => (x[i] - mean) * (x[i] - mean)) + epsilon);
        double[] normal = [.. places.Select(i => (x[i] - mean) * inverse)];
        int[] channels = [.. places.Select(i => i / (shape.Height * shape.Width) % shape.Channels)];
        if (!backward)
        {
            foreach (var (i, c) in channels.Index()) _values[node.Name][places[i]] = weights[c] * normal[i] + biases[c];
            return;
        }

        var dy = places.Select(i => _gradients[node.Name][i]).ToArray();
        // The gradient of each normalised value, through the mean and the deviation too.
        double[] weighted = [.. dy.Select((gradient, i) => gradient * weights[channels[i]])];
        var (sum, product) = (weighted.Average(), weighted.Zip(normal).Average(pair => pair.First * pair.Second));
        foreach (var (i, c) in channels.Index())
        {
            _gradients[node.Inputs[0]][places[i]] += inverse * (weighted[i] - sum - normal[i] * product);
            Gradients[$"{node.Name}.weight"][c] += dy[i] * normal[i];
            Gradients[$"{node.Name}.bias"][c] += dy[i];
        }
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
