using Dst.Graph;

namespace Dst.Tests.Autodiff;

/// <summary>
/// Evaluates a graph in double precision, one operation and one element at a time, with gradients by the chain rule. The training
/// engine must agree with it and shares no code with it.
/// </summary>
internal sealed partial class DoubleNetwork
{
    private readonly CheckedGraph _graph;
    private readonly IReadOnlyDictionary<string, FeatureShape> _shapes;
    private readonly int _images;
    private readonly bool _training;
    private readonly Dictionary<string, double[]> _values = [];
    private readonly Dictionary<string, double[]> _gradients = [];

    /// <summary>Evaluates a batch. Dropout must have rate 0.</summary>
    public DoubleNetwork(Model model, float[] images, int count, bool training)
    {
        _graph = model.Graph;
        _shapes = _graph.Shapes;
        _images = count;
        _training = training;
        Parameters = model.Parameters.ToDictionary(p => p.Key, p => Array.ConvertAll(p.Value.Data, v => (double)v));
        Gradients = Parameters.ToDictionary(p => p.Key, p => new double[p.Value.Length]);
        _values[NetworkGraph.InputName] = Array.ConvertAll(images[..(int)(count * _graph.Input.Count)], v => (double)v);
    }

    /// <summary>Parameters by name; may be changed before <see cref="Forward"/>.</summary>
    public Dictionary<string, double[]> Parameters { get; }

    /// <summary>Gradients by parameter name, after <see cref="Backward"/>.</summary>
    public Dictionary<string, double[]> Gradients { get; }

    /// <summary>
    /// The smallest distance of an element from the kink of a ReLU or a maximum, as a share of the largest element in its map. Exact
    /// ties do not count.
    /// </summary>
    public double Margin { get; private set; } = double.MaxValue;

    /// <summary>Values of a node [N, C, H, W].</summary>
    public double[] this[string node] => _values[node];

    /// <summary>The logits.</summary>
    public double[] Forward()
    {
        foreach (var node in _graph.Nodes)
        {
            _values[node.Name] = new double[_images * _shapes[node.Name].Count];
            Visit(node, backward: false);
        }

        return _values[_graph.Output.Name];
    }

    /// <summary>Gradients of Σ outputGradients · outputs.</summary>
    public void Backward(IReadOnlyDictionary<string, float[]> outputGradients)
    {
        foreach (var (name, values) in _values) _gradients[name] = new double[values.Length];
        foreach (var (name, gradient) in outputGradients)
            for (var i = 0; i < gradient.Length; i++) _gradients[name][i] += gradient[i];
        foreach (var node in _graph.Nodes.Reverse()) Visit(node, backward: true);
    }

    private void Visit(Node node, bool backward)
    {
        var (x, y, shape) = (_values[node.Inputs[0]], _values[node.Name], _shapes[node.Inputs[0]]);
        var (dx, dy) = backward ? (_gradients[node.Inputs[0]], _gradients[node.Name]) : ([], []);
        switch (node.Operation)
        {
            case Conv2dOp c: Convolve(node, c, backward); break;
            case ConvTransposeOp c: Spread(node, c, backward); break;
            case LinearOp l: Multiply(node, l.OutFeatures, shape.Channels, backward); break;
            case BatchNormOp b: Normalise(node, b.Epsilon, backward); break;
            case ReluOp: Rectify(x, y, dx, dy, backward); break;
            case var function when function.ToActivation() is not null:
                Apply(DoubleFunction.Of(function), x, y, dx, dy, backward);
                break;
            case PReluOp: RectifyByChannel(node, backward); break;
            case AffineOp: MapByChannel(node, backward); break;
            case MulOp: Product(node, backward); break;
            case PadOp or EdgePadOp or SliceOp or ChannelShuffleOp: Move(node, backward); break;
            case UpsampleOp u: Enlarge(node, u, backward); break;
            case SpectralPoolOp: CropSpectrum(node, backward); break;
            case LayerNormOp l: NormaliseChannels(node, l.Epsilon, backward); break;
            case GroupNormOp g: NormaliseGroups(node, g, backward); break;
            case LocalResponseNormOp l: NormaliseNeighbours(node, l, backward); break;
            case MaxPoolOp p: Pool(node, p.ShapeFor(shape), maximum: true, countPadding: false, backward); break;
            case MaxPoolDropoutOp { Retain: 1 } p: Pool(node, p.ShapeFor(shape), maximum: true, countPadding: false, backward); break;
            case GlobalMaxPoolOp:
                Pool(node, new(shape.Channels, shape.Height, shape.Width, shape.Height, shape.Width), true, countPadding: false, backward);
                break;
            case AvgPoolOp p: Pool(node, p.ShapeFor(shape), maximum: false, p.CountPadding, backward); break;
            case SoftmaxOp: Exponentiate(x, y, dx, dy, shape.Channels, backward); break;
            case ConcatOp: Join(node, backward); break;
            case GlobalAvgPoolOp:
                var pixels = shape.Height * shape.Width;
                for (var i = 0; i < x.Length; i++)
                {
                    if (backward) dx[i] += dy[i / pixels] / pixels;
                    else y[i / pixels] += x[i] / pixels;
                }

                break;
            case AddOp or FlattenOp or DropoutOp: // which is of rate 0, or in inference
                foreach (var input in node.Inputs)
                {
                    for (var i = 0; i < y.Length; i++)
                    {
                        if (backward) _gradients[input][i] += dy[i];
                        else y[i] += _values[input][i];
                    }
                }

                break;
            default:
                throw new InvalidOperationException($"no double precision for {node.Operation}");
        }
    }

    private void Convolve(Node node, Conv2dOp c, bool backward)
    {
        var (s, o) = (_shapes[node.Inputs[0]], _shapes[node.Name]);
        var (x, y) = (_values[node.Inputs[0]], _values[node.Name]);
        var (w, dw) = (Parameters[$"{node.Name}.weight"], Gradients[$"{node.Name}.weight"]);
        var (dx, dy) = backward ? (_gradients[node.Inputs[0]], _gradients[node.Name]) : ([], []);
        var bias = c.Bias ? Parameters[$"{node.Name}.bias"] : new double[o.Channels];
        var biasGradient = c.Bias ? Gradients[$"{node.Name}.bias"] : new double[o.Channels];
        int perGroup = s.Channels / c.Groups, filtersPerGroup = o.Channels / c.Groups, output = 0;
        for (var n = 0; n < _images; n++)
            for (var f = 0; f < o.Channels; f++)
                for (var oy = 0; oy < o.Height; oy++)
                    for (var ox = 0; ox < o.Width; ox++, output++)
                    {
                        if (backward) biasGradient[f] += dy[output];
                        else y[output] = bias[f];
                        for (var i = 0; i < perGroup; i++)
                            for (var ky = 0; ky < c.KernelHeight; ky++)
                                for (var kx = 0; kx < c.KernelWidth; kx++)
                                {
                                    int iy = oy * c.Stride + ky - c.Padding, ix = ox * c.Stride + kx - c.Padding;
                                    if (iy < 0 || iy >= s.Height || ix < 0 || ix >= s.Width) continue;
                                    var position = ((n * s.Channels + f / filtersPerGroup * perGroup + i) * s.Height + iy) * s.Width + ix;
                                    var weight = ((f * perGroup + i) * c.KernelHeight + ky) * c.KernelWidth + kx;
                                    if (backward)
                                    {
                                        dw[weight] += dy[output] * x[position];
                                        dx[position] += dy[output] * w[weight];
                                    }
                                    else
                                    {
                                        y[output] += w[weight] * x[position];
                                    }
                                }
                    }
    }

    private void Multiply(Node node, int outputs, int features, bool backward)
    {
        var (x, y) = (_values[node.Inputs[0]], _values[node.Name]);
        var (w, dw) = (Parameters[$"{node.Name}.weight"], Gradients[$"{node.Name}.weight"]);
        var bias = Parameters.GetValueOrDefault($"{node.Name}.bias");
        for (var i = 0; i < y.Length; i++)
        {
            int n = i / outputs, o = i % outputs;
            if (!backward) y[i] = bias?[o] ?? 0;
            else if (bias is not null) Gradients[$"{node.Name}.bias"][o] += _gradients[node.Name][i];
            for (var f = 0; f < features; f++)
            {
                if (!backward)
                {
                    y[i] += w[o * features + f] * x[n * features + f];
                    continue;
                }

                dw[o * features + f] += _gradients[node.Name][i] * x[n * features + f];
                _gradients[node.Inputs[0]][n * features + f] += _gradients[node.Name][i] * w[o * features + f];
            }
        }
    }

    private void Normalise(Node node, double epsilon, bool backward)
    {
        var shape = _shapes[node.Name];
        var (x, y, pixels) = (_values[node.Inputs[0]], _values[node.Name], shape.Height * shape.Width);
        double[] Of(string suffix) => Parameters[$"{node.Name}.{suffix}"];
        for (var c = 0; c < shape.Channels; c++)
        {
            int[] places = [.. Enumerable.Range(0, _images * pixels).Select(i => (i / pixels * shape.Channels + c) * pixels + i % pixels)];
            var mean = _training ? places.Average(i => x[i]) : Of("running_mean")[c];
            var variance = _training ? places.Average(i => (x[i] - mean) * (x[i] - mean)) : Of("running_var")[c];
            var inverse = 1 / Math.Sqrt(variance + epsilon);
            double Normalised(int i) => (x[i] - mean) * inverse;
            if (!backward)
            {
                foreach (var i in places) y[i] = Of("weight")[c] * Normalised(i) + Of("bias")[c];
                continue;
            }

            var (dx, dy) = (_gradients[node.Inputs[0]], _gradients[node.Name]);
            double sum = places.Sum(i => dy[i]), product = places.Sum(i => dy[i] * Normalised(i));
            Gradients[$"{node.Name}.weight"][c] += product;
            Gradients[$"{node.Name}.bias"][c] += sum;
            foreach (var i in places) dx[i] += Of("weight")[c] * inverse * (dy[i] - (sum + Normalised(i) * product) / places.Length);
        }
    }

    private void Rectify(double[] x, double[] y, double[] dx, double[] dy, bool backward)
    {
        for (var i = 0; i < x.Length; i++)
        {
            if (!backward) y[i] = Math.Max(x[i], 0);
            else if (x[i] > 0) dx[i] += dy[i];
        }

        if (!backward) NoteMargin(x, x.Where(v => v != 0).Select(Math.Abs));
    }

    private void Apply(DoubleFunction function, double[] x, double[] y, double[] dx, double[] dy, bool backward)
    {
        for (var i = 0; i < x.Length; i++)
        {
            if (backward) dx[i] += dy[i] * function.Slope(x[i]);
            else y[i] = function.Value(x[i]);
        }

        if (!backward) NoteMargin(x, x.SelectMany(v => function.Kinks.Select(kink => Math.Abs(v - kink))).Where(distance => distance != 0));
    }

    private void RectifyByChannel(Node node, bool backward)
    {
        var (x, y, slopes) = (_values[node.Inputs[0]], _values[node.Name], Parameters[$"{node.Name}.weight"]);
        var pixels = _shapes[node.Name].Height * _shapes[node.Name].Width;
        for (var i = 0; i < x.Length; i++)
        {
            var c = i / pixels % slopes.Length;
            if (!backward)
            {
                y[i] = x[i] > 0 ? x[i] : slopes[c] * x[i];
                continue;
            }

            _gradients[node.Inputs[0]][i] += _gradients[node.Name][i] * (x[i] > 0 ? 1 : slopes[c]);
            if (x[i] < 0) Gradients[$"{node.Name}.weight"][c] += _gradients[node.Name][i] * x[i];
        }

        if (!backward) NoteMargin(x, x.Where(v => v != 0).Select(Math.Abs));
    }

    private void MapByChannel(Node node, bool backward)
    {
        var (x, y, pixels) = (_values[node.Inputs[0]], _values[node.Name], _shapes[node.Name].Height * _shapes[node.Name].Width);
        var (weights, biases) = (Parameters[$"{node.Name}.weight"], Parameters[$"{node.Name}.bias"]);
        for (var i = 0; i < x.Length; i++)
        {
            var c = i / pixels % weights.Length;
            if (!backward)
            {
                y[i] = weights[c] * x[i] + biases[c];
                continue;
            }

            var dy = _gradients[node.Name][i];
            _gradients[node.Inputs[0]][i] += dy * weights[c];
            Gradients[$"{node.Name}.weight"][c] += dy * x[i];
            Gradients[$"{node.Name}.bias"][c] += dy;
        }
    }

    private void Product(Node node, bool backward)
    {
        var (a, b, y) = (_values[node.Inputs[0]], _values[node.Inputs[1]], _values[node.Name]);
        var pixels = a.Length / b.Length; // 1, or the pixels of a map if b has one factor for each channel
        for (var i = 0; i < y.Length; i++)
        {
            if (!backward)
            {
                y[i] = a[i] * b[i / pixels];
                continue;
            }

            _gradients[node.Inputs[0]][i] += _gradients[node.Name][i] * b[i / pixels];
            _gradients[node.Inputs[1]][i / pixels] += _gradients[node.Name][i] * a[i];
        }
    }

    private static void Exponentiate(double[] x, double[] y, double[] dx, double[] dy, int classes, bool backward)
    {
        for (var first = 0; first < x.Length; first += classes)
        {
            var row = Enumerable.Range(first, classes).ToArray();
            double largest = row.Max(i => x[i]), sum = row.Sum(i => Math.Exp(x[i] - largest));
            var mean = backward ? row.Sum(i => dy[i] * y[i]) : 0;
            foreach (var i in row)
            {
                if (backward) dx[i] += y[i] * (dy[i] - mean);
                else y[i] = Math.Exp(x[i] - largest) / sum;
            }
        }
    }

    private void Join(Node node, bool backward)
    {
        int length = _values[node.Name].Length / _images, first = 0;
        foreach (var input in node.Inputs)
        {
            var part = (int)_shapes[input].Count;
            for (var i = 0; i < _images * part; i++)
            {
                var place = i / part * length + first + i % part;
                if (backward) _gradients[input][i] += _gradients[node.Name][place];
                else _values[node.Name][place] = _values[input][i];
            }

            first += part;
        }
    }

    private void NoteMargin(double[] map, IEnumerable<double> distances)
    {
        var largest = map.Max(Math.Abs);
        foreach (var distance in distances) Margin = Math.Min(Margin, distance / largest);
    }
}
