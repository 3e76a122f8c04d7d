using Dst.Graph;

namespace Dst.Tests.Autodiff;

/// <summary>Small legal graphs drawn from a seed: every operation, in orders that no network of the zoo has, each output read.</summary>
internal sealed class RandomGraph
{
    private static readonly int[] Channels = [1, 3, 4, 8, 16, 17, 20];

    private readonly Random _random;
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<string, FeatureShape> _shapes = [];

    private RandomGraph(int seed) => _random = new Random(seed);

    /// <summary>The graph of a seed.</summary>
    public static CheckedGraph Create(int seed) => new RandomGraph(seed).Build(seed);

    /// <summary>A model of the graph whose parameters, normalisations included, are all random.</summary>
    public static Model CreateModel(CheckedGraph graph, int seed)
    {
        var random = new Random(seed);
        return new Model(graph, graph.Parameters.ToDictionary(p => p.Name, p => new Tensor(p.Shape, Values(p, random))));
    }

    private static float[] Values(ParameterShape parameter, Random random)
    {
        var values = new float[parameter.Count];
        var fanIn = parameter.Shape.Skip(1).Aggregate(1, (product, extent) => product * extent);
        for (var i = 0; i < values.Length; i++)
        {
            var uniform = random.NextSingle() * 2 - 1;
            values[i] = parameter.Role switch
            {
                ParameterRole.Weight => uniform * MathF.Sqrt(3f / fanIn),
                ParameterRole.Scale => uniform < 0 ? uniform - 0.5f : uniform + 0.5f,
                ParameterRole.Statistic when parameter.Name.EndsWith("var", StringComparison.Ordinal) => 1 + uniform / 2,
                _ => uniform / 2,
            };
        }

        return values;
    }

    private CheckedGraph Build(int seed)
    {
        var input = new FeatureShape(_random.Next(1, 4), _random.Next(5, 9), _random.Next(5, 9));
        _shapes[NetworkGraph.InputName] = input;
        if (_random.Next(2) == 0) Convolve(NetworkGraph.InputName);
        for (var i = _random.Next(6, 14); i > 0; i--) AddOperation();
        Finish();
        return new(new($"random{seed}", input, _nodes));
    }

    private void AddOperation()
    {
        var x = Pick();
        var shape = _shapes[x];
        switch (_random.Next(25))
        {
            case 0 or 1: Convolve(x); break;
            case 2: Convolve(x, _shapes[Pick()].Channels); break;
            case 3 or 4: Append(new BatchNormOp(1e-2f), x); break;
            case 5 or 6: Append(new ReluOp(), x); break;
            case 7: Append(new ReluOp(), Append(new BatchNormOp(1e-2f), x)); break;
            case 8: Append(new AddOp(), x, PickLike(x)); break;
            case 9: Append(new AddOp(), PickLike(x), x); break;
            case 10: Residual(x); break;
            case 11: Append(new ConcatOp(), [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => PickMap(x)), x]); break;
            case 12 when shape is { Height: > 3, Width: > 3 }: Pool(x); break;
            case 13: Append(new DropoutOp(0), x); break;
            case 14 when shape.Count < 200:
                Append(new LinearOp(_random.Next(2, 20), _random.Next(2) == 0), Append(new FlattenOp(), x));
                break;
            case 15 when shape.Height > 1: Append(new GlobalMaxPoolOp(), x); break;
            case 16 or 17: Append(RandomFunction(), x); break;
            case 18: Append(_random.Next(2) == 0 ? new PReluOp() : new AffineOp(), x); break;
            case 19: Append(new ReluOp(), Append(new AffineOp(), x)); break;
            case 20: Append(new MulOp(), x, Append(new AffineOp(), PickLike(x))); break; // no squares: too many are near the kink at 0
            case 21: Excite(x); break;
            case 22 when shape.Channels < 40: Append(RandomPadding(), x); break;
            case 23: Append(RandomSlice(shape.Channels), x); break;
            case 24: Append(new ChannelShuffleOp(shape.Channels % 4 == 0 ? 4 : shape.Channels), x); break;
            default: Convolve(x); break;
        }
    }

    private Operation RandomFunction() => _random.Next(7) switch
    {
        0 => new LeakyReluOp(_random.NextSingle() - 0.5f),
        1 => new ClipOp(0, 0.75f),
        2 => new ClipOp(_random.NextSingle() - 0.9f, 1.5f), // a layer can absorb a clip only if its lower bound is at most 0
        3 => new SigmoidOp(),
        4 => new HardSigmoidOp(0.4f, 0.3f),
        5 => new HardSwishOp(),
        _ => new TanhOp(),
    };

    private PadOp RandomPadding()
    {
        int Side() => _random.Next(3);
        return new(Side(), Side(), Side(), Side(), _random.Next(3) == 0 ? _random.Next(18) : 0, Side(), _random.NextSingle() - 0.5f);
    }

    private SliceOp RandomSlice(int channels)
    {
        var start = _random.Next(channels);
        return new(start, _random.Next(1, channels - start + 1));
    }

    /// <summary>Squeeze and excitation: factors for the channels from their means.</summary>
    private void Excite(string x)
    {
        var squeezed = Append(new Conv2dOp(_shapes[x].Channels, 1, 1, 1, 0, 1, true), Append(new GlobalAvgPoolOp(), x));
        Append(new MulOp(), x, Append(_random.Next(2) == 0 ? new SigmoidOp() : new HardSigmoidOp(), squeezed));
    }

    /// <summary>A branch of up to three operations that keeps its input's shape, and the sum of both.</summary>
    private void Residual(string x)
    {
        var y = x;
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            y = _random.Next(4) switch
            {
                0 => Append(new BatchNormOp(1e-2f), y),
                1 => Append(new ReluOp(), y),
                2 => Append(new AddOp(), y, PickLike(y)),
                _ when _random.Next(2) == 0 => Append(new Conv2dOp(_shapes[x].Channels, 3, 3, 1, 1), y),
                _ => Append(new Conv2dOp(_shapes[x].Channels, 5, 5, 1, 2), y),
            };
        }

        var sum = _random.Next(2) == 0 ? Append(new AddOp(), y, x) : Append(new AddOp(), x, y);
        if (_random.Next(2) == 0) Append(new ReluOp(), sum);
    }

    private void Convolve(string x, int? filters = null)
    {
        var shape = _shapes[x];
        var bias = _random.Next(2) == 0;
        var channels = filters ?? Channels[_random.Next(Channels.Length)];
        Conv2dOp operation = _random.Next(9) switch
        {
            0 => new(shape.Channels, 3, 3, _random.Next(1, 3), 1, shape.Channels, bias),
            1 when shape.Channels % 4 == 0 => new(8, 3, 3, 1, 1, 4, bias),
            2 => new(channels, 1, 1, _random.Next(1, 3), 0, 1, bias),
            3 => new(channels, 2, 3, _random.Next(1, 3), 1, 1, bias),
            4 => new(channels, 5, 5, 1, 2, 1, bias),
            5 => new(channels, 6, 6, 1, 3, 1, bias),
            _ => new(channels, 3, 3, _random.Next(1, 3), 1, 1, bias),
        };
        Append(operation, x);
    }

    private void Pool(string x) =>
        Append(_random.Next(7) switch
        {
            0 => new MaxPoolOp(2, 2),
            1 => new MaxPoolOp(3, 2, 1),
            2 => new MaxPoolOp(2, 2, 0, CeilMode: true),
            3 => new AvgPoolOp(2, _random.Next(1, 3)),
            5 => new SpectralPoolOp((_shapes[x].Height + 1) / 2, Math.Max(1, _shapes[x].Width - 1)),
            4 => new MaxPoolDropoutOp(2, _random.Next(1, 3), Retain: 1, Padding: 1),
            _ => new AvgPoolOp(3, 2, 1, _random.Next(2) == 0, CeilMode: true),
        }, x);

    /// <summary>Pools and joins the outputs that nothing has read, and ends in few logits.</summary>
    private void Finish()
    {
        var unread = _nodes.Select(n => n.Name).Where(name => !_nodes.Any(n => n.Inputs.Contains(name))).ToList();
        Operation ToRow(string name) => _random.Next(2) == 0 && _shapes[name].Count < 500 ? new FlattenOp() : new GlobalAvgPoolOp();
        string[] rows = [.. unread.Select(name => Append(ToRow(name), name))];
        var x = rows.Length == 1 ? rows[0] : Append(new ConcatOp(), rows);
        if (_random.Next(4) != 0) x = Append(new LinearOp(_random.Next(2, 20)), x);
        switch (_random.Next(6))
        {
            case 0: Append(new SoftmaxOp(), x); break;
            case 1: Append(new BatchNormOp(1e-2f), x); break;
            case 2: Append(new ReluOp(), x); break;
            case 3: Append(new AddOp(), Append(new LinearOp(_shapes[x].Channels), x), x); break;
        }
    }

    /// <summary>An earlier output, mostly a recent one.</summary>
    private string Pick()
    {
        if (_nodes.Count == 0 || _random.Next(12) == 0) return NetworkGraph.InputName;
        var back = _random.Next(4) == 0 ? _nodes.Count : Math.Min(3, _nodes.Count);
        return _nodes[^(_random.Next(back) + 1)].Name;
    }

    private string PickLike(string x) => PickWhere(x, shape => shape == _shapes[x]);

    private string PickMap(string x) =>
        PickWhere(x, shape => shape.Height == _shapes[x].Height && shape.Width == _shapes[x].Width && shape.Channels < 40);

    private string PickWhere(string otherwise, Func<FeatureShape, bool> fits)
    {
        string[] found = [.. _shapes.Where(pair => fits(pair.Value)).Select(pair => pair.Key)];
        return found.Length == 0 ? otherwise : found[_random.Next(found.Length)];
    }

    private string Append(Operation operation, params string[] inputs)
    {
        var name = $"n{_nodes.Count}";
        _nodes.Add(new Node(name, operation, inputs));
        _shapes[name] = CheckedGraph.ShapeOf("random", _nodes[^1], [.. inputs.Select(input => _shapes[input])]);
        return name;
    }
}
