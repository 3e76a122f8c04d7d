using Dst.Graph;

namespace Dst.Training.Networks;

/// <summary>
/// Appends nodes to a network. Each method takes the new node's name and reads the node added last, unless it is given an
/// input; it returns the name of its output. Channels pass through <see cref="Scale"/>.
/// </summary>
internal sealed class NetworkBuilder(
    string network, FeatureShape input, int classes, double width, double dropout, PoolingChoice pooling)
{
    /// <summary>Channels of a layer are a multiple of this number where a width multiplies them.</summary>
    public const int ChannelMultiple = 4;

    private readonly List<Node> _nodes = [];

    /// <summary>Whether the network has max pooling, or what takes its place.</summary>
    public bool HasPool { get; private set; }

    /// <summary>Shape of one input image.</summary>
    public FeatureShape Input => input;

    /// <summary>Number of logits.</summary>
    public int Classes => classes;

    /// <summary>Name of the output of the node added last.</summary>
    public string Last => _nodes.Count == 0 ? NetworkGraph.InputName : _nodes[^1].Name;

    /// <summary>
    /// <paramref name="channels"/> times the width multiplier, rounded to the nearest multiple of 4 and at least 4; unchanged at width 1.
    /// </summary>
    public int Scale(int channels) =>
        width == 1
            ? channels
            : Math.Max(1, (int)Math.Round(channels * width / ChannelMultiple, MidpointRounding.AwayFromZero)) * ChannelMultiple;

    public string Conv(
        string name, int channels, int kernel, int stride = 1, int padding = 0, int groups = 1, bool bias = false, string? from = null) =>
        Add(name, new Conv2dOp(channels, kernel, kernel, stride, padding, groups, bias), from);

    /// <summary>A convolution whose kernel is as large as its input, so that one pixel is left.</summary>
    public string ConvWholeMap(string name, int channels, bool bias)
    {
        var map = LastShape;
        return Add(name, new Conv2dOp(channels, map.Height, map.Width, Bias: bias));
    }

    public string BatchNorm(string name) => Add(name, new BatchNormOp());

    public string Relu(string name) => Add(name, new ReluOp());

    /// <summary>Max pooling in steps of two, or what the network has in its place.</summary>
    public string Pool(string name, int kernel, int padding = 0)
    {
        HasPool = true;
        return Add(name, pooling.Over(kernel, padding, () => LastShape));
    }

    public string Tanh(string name) => Add(name, new TanhOp());

    public string Affine(string name) => Add(name, new AffineOp());

    public string AvgPool(string name) => Add(name, new AvgPoolOp(2, 2));

    public string GlobalAvgPool(string name) => Add(name, new GlobalAvgPoolOp());

    public string Flatten(string name) => Add(name, new FlattenOp());

    public string Sum(string name, string a, string b) => Add(name, new AddOp(), a, b);

    /// <summary>Dropout at the network's rate; nothing at rate 0.</summary>
    public void Dropout(string name)
    {
        if (dropout > 0) Add(name, new DropoutOp((float)dropout));
    }

    /// <summary>The usual end: global average pooling, dropout and a linear classifier called <paramref name="name"/>.</summary>
    public void Classifier(string name)
    {
        GlobalAvgPool("avgpool");
        Dropout("dropout");
        Linear(name, classes);
    }

    public string Linear(string name, int features) => Add(name, new LinearOp(features));

    /// <summary>Shape of the output of the node added last.</summary>
    public FeatureShape LastShape => ToGraph().OutputShape;

    /// <summary>The network as far as it is built.</summary>
    public CheckedGraph ToGraph() => new(new(network, input, _nodes.ToArray()));

    private string Add(string name, Operation operation, string? from = null, string? second = null)
    {
        _nodes.Add(new(name, operation, second is null ? [from ?? Last] : [from ?? Last, second]));
        return name;
    }
}
