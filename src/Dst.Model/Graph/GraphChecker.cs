using Dst.Kernels;

namespace Dst.Graph;

/// <summary>The one place that says which graphs are legal. Run it on every graph that is built, loaded or rewritten.</summary>
public static class GraphChecker
{
    private const int MaxChannels = 1 << 16;
    private const int MaxExtent = 1 << 14;
    private const int MaxKernel = 64;

    /// <summary>Infers the shape of every node's output, checking names, input counts, attributes and sizes on the way.</summary>
    /// <returns>Shape by node name, with <see cref="NetworkGraph.InputName"/> for the input.</returns>
    /// <exception cref="InputException">The graph is not legal; the message names the node and what was expected.</exception>
    public static IReadOnlyDictionary<string, FeatureShape> Check(NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.Nodes.Count == 0) throw new InputException($"network '{graph.Name}' has no nodes; at least one was expected");
        CheckExtent(graph, NetworkGraph.InputName, graph.Input);
        var shapes = new Dictionary<string, FeatureShape> { [NetworkGraph.InputName] = graph.Input };
        foreach (var node in graph.Nodes)
        {
            var inputs = new FeatureShape[node.Inputs.Count];
            for (var i = 0; i < inputs.Length; i++)
            {
                if (!shapes.TryGetValue(node.Inputs[i], out inputs[i]))
                    throw Illegal(graph, node.Name, $"has the input '{node.Inputs[i]}', which is not the name of an earlier node");
            }

            var shape = InferShape(graph, node, inputs);
            if (!shapes.TryAdd(node.Name, shape)) throw Illegal(graph, node.Name, "has the name of an earlier node; names must be unique");
        }

        return shapes;
    }

    /// <summary>The shape of one node's output, where a graph grows node by node.</summary>
    /// <param name="graph">The graph that the node is for; errors say its name.</param>
    /// <param name="node">The node.</param>
    /// <param name="inputs">Shapes of what it reads.</param>
    /// <exception cref="InputException">The node is not legal; the message names it and what was expected.</exception>
    public static FeatureShape InferShape(NetworkGraph graph, Node node, params FeatureShape[] inputs)
    {
        var shape = ShapeOf(graph, node, inputs);
        CheckExtent(graph, node.Name, shape);
        return shape;
    }

    private static FeatureShape ShapeOf(NetworkGraph graph, Node node, FeatureShape[] inputs)
    {
        ExpectInputs(graph, node, inputs.Length);
        var x = inputs[0];
        switch (node.Operation)
        {
            case Conv2dOp c:
                return Convolve(graph, node, x, c);
            case MaxPoolOp p:
                return Pool(graph, node, x, p.Kernel, p.Stride, p.Padding, p.CeilMode);
            case AvgPoolOp p:
                return Pool(graph, node, x, p.Kernel, p.Stride, p.Padding, p.CeilMode);
            case BatchNormOp b:
                Expect(graph, node, b.Epsilon > 0 && float.IsFinite(b.Epsilon) && b.Momentum is > 0 and <= 1, $"has epsilon {b.Epsilon} and momentum {b.Momentum}; expected both above 0, epsilon finite and momentum at most 1");
                return x;
            case DropoutOp d:
                Expect(graph, node, d.Rate is >= 0 and < 1, $"has the rate {d.Rate}; expected 0 up to but not including 1");
                return x;
            case LeakyReluOp l:
                Expect(graph, node, float.IsFinite(l.Slope), $"has the slope {l.Slope}; a finite one was expected");
                return x;
            case ClipOp c:
                Expect(graph, node, float.IsFinite(c.Min) && float.IsFinite(c.Max) && c.Min < c.Max, $"clips from {c.Min} to {c.Max}; two finite bounds, the lower first, were expected");
                return x;
            case HardSigmoidOp h:
                Expect(graph, node, float.IsFinite(h.Alpha) && float.IsFinite(h.Beta), $"has alpha {h.Alpha} and beta {h.Beta}; finite values were expected");
                return x;
            case ReluOp or PReluOp or SigmoidOp or HardSwishOp or TanhOp or AffineOp:
                return x;
            case AddOp:
                Expect(graph, node, inputs[1] == x, $"adds {x} and {inputs[1]}; equal shapes were expected");
                return x;
            case MulOp:
                Expect(graph, node, inputs[1] == x || inputs[1] == new FeatureShape(x.Channels, 1, 1), $"multiplies {x} by {inputs[1]}; equal shapes, or {x.Channels}x1x1 as the second, were expected");
                return x;
            case PadOp p:
                return Pad(graph, node, x, p);
            case SliceOp s:
                Expect(graph, node, s.Start >= 0 && s.Channels >= 1 && s.Start + (long)s.Channels <= x.Channels, $"slices {s.Channels} channels from number {s.Start} on out of {x.Channels}; a run of at least one of them was expected");
                return x with { Channels = s.Channels };
            case ChannelShuffleOp s:
                Expect(graph, node, s.Groups >= 1 && x.Channels % s.Groups == 0, $"shuffles {s.Groups} groups, which must divide its {x.Channels} channels");
                return x;
            case ConcatOp:
                foreach (var other in inputs)
                    Expect(graph, node, other.Height == x.Height && other.Width == x.Width, $"joins {x} and {other}; equal heights and widths were expected");
                var channels = inputs.Sum(s => (long)s.Channels);
                Expect(graph, node, channels <= int.MaxValue, $"joins {channels} channels, which is too many");
                return x with { Channels = (int)channels };
            case GlobalAvgPoolOp:
                return new(x.Channels, 1, 1);
            case FlattenOp:
                Expect(graph, node, x.Count <= int.MaxValue, $"flattens {x}, which is too large");
                return new((int)x.Count, 1, 1);
            case LinearOp l:
                Expect(graph, node, x.Height == 1 && x.Width == 1, $"is linear but its input is {x}; flatten or pool it to 1x1 first");
                Expect(graph, node, l.OutFeatures >= 1, $"has {l.OutFeatures} output features; at least 1 was expected");
                return new(l.OutFeatures, 1, 1);
            case SoftmaxOp:
                Expect(graph, node, x.Height == 1 && x.Width == 1, $"is a softmax but its input is {x}; a 1x1 map was expected");
                return x;
            default:
                throw Illegal(graph, node.Name, $"has the unknown operation {node.Operation?.GetType().Name ?? "null"}");
        }
    }

    private static void ExpectInputs(NetworkGraph graph, Node node, int count)
    {
        var legal = node.Operation switch { AddOp or MulOp => count == 2, ConcatOp => count >= 1, _ => count == 1 };
        Expect(graph, node, legal, $"has {count} inputs, which its operation {node.Operation.GetType().Name} does not take");
    }

    private static FeatureShape Convolve(NetworkGraph graph, Node node, FeatureShape x, Conv2dOp c)
    {
        Expect(graph, node, c.OutChannels >= 1 && c.Stride is >= 1 and <= MaxKernel && c.Padding is >= 0 and <= MaxKernel
            && c.KernelHeight is >= 1 and <= MaxKernel && c.KernelWidth is >= 1 and <= MaxKernel,
            $"has attributes out of range ({c}); expected at least one filter, stride and kernel 1 to {MaxKernel}, padding 0 to {MaxKernel}");
        Expect(graph, node, c.Groups >= 1 && x.Channels % c.Groups == 0 && c.OutChannels % c.Groups == 0,
            $"has {c.Groups} groups, which must divide its {x.Channels} input and {c.OutChannels} output channels");
        var room = (x.Height + 2L * c.Padding + c.KernelHeight + c.Stride) * (x.Width + 2L * c.Padding + c.KernelWidth + c.Stride);
        Expect(graph, node, room * Math.Max(Padded(x.Channels), Padded(c.OutChannels)) <= int.MaxValue
            && Padded(c.OutChannels) * Padded(x.Channels / c.Groups) * c.KernelHeight * c.KernelWidth <= int.MaxValue,
            $"is too large: {x} to {c.OutChannels} channels with a {c.KernelHeight}x{c.KernelWidth} kernel; expected at most {int.MaxValue} padded values and weights");
        return new(c.OutChannels, Window(graph, node, x.Height, c.KernelHeight, c.Stride, c.Padding), Window(graph, node, x.Width, c.KernelWidth, c.Stride, c.Padding));
    }

    private static FeatureShape Pool(NetworkGraph graph, Node node, FeatureShape x, int kernel, int stride, int padding, bool ceilMode)
    {
        Expect(graph, node, kernel is >= 1 and <= MaxKernel && stride is >= 1 and <= MaxKernel && padding >= 0 && padding < kernel,
            $"has attributes out of range ({node.Operation}); expected kernel and stride 1 to {MaxKernel} and a padding smaller than the kernel");
        return new(x.Channels, Window(graph, node, x.Height, kernel, stride, padding, ceilMode), Window(graph, node, x.Width, kernel, stride, padding, ceilMode));
    }

    private static FeatureShape Pad(NetworkGraph graph, Node node, FeatureShape x, PadOp p)
    {
        int[] sides = [p.Top, p.Left, p.Bottom, p.Right];
        Expect(graph, node, sides.All(side => side is >= 0 and <= MaxExtent) && p.ChannelsBefore is >= 0 and <= MaxChannels && p.ChannelsAfter is >= 0 and <= MaxChannels,
            $"has attributes out of range ({p}); expected 0 to {MaxExtent} pixels a side and 0 to {MaxChannels} channels");
        Expect(graph, node, float.IsFinite(p.Value), $"pads with {p.Value}; a finite value was expected");
        Expect(graph, node, x.Channels <= MaxChannels || p.ChannelsBefore + p.ChannelsAfter == 0, $"pads {x.Channels} channels with more; at most {MaxChannels} were expected");
        return new(x.Channels + p.ChannelsBefore + p.ChannelsAfter, x.Height + p.Top + p.Bottom, x.Width + p.Left + p.Right);
    }

    private static int Window(NetworkGraph graph, Node node, int extent, int kernel, int stride, int padding, bool ceilMode = false)
    {
        var room = extent + 2 * padding - kernel;
        Expect(graph, node, room >= 0,
            $"needs at least {kernel - 2 * padding} pixels a side but its input has {extent}; use a larger input or a shallower network");
        return WindowShape.OutExtent(extent, kernel, stride, padding, ceilMode);
    }

    private static void CheckExtent(NetworkGraph graph, string name, FeatureShape shape)
    {
        if (shape.Channels is < 1 or > MaxChannels && shape is not { Height: 1, Width: 1, Channels: >= 1 } || shape.Height is < 1 or > MaxExtent || shape.Width is < 1 or > MaxExtent)
            throw Illegal(graph, name, $"has the shape {shape}; expected 1 to {MaxChannels} channels and 1 to {MaxExtent} pixels a side");
        if (Padded(shape.Channels) * shape.Height * shape.Width > int.MaxValue)
            throw Illegal(graph, name, $"has the shape {shape}, which is too large; expected at most {int.MaxValue} values in whole blocks of 16 channels");
    }

    /// <summary>Channels in memory: whole blocks of 16.</summary>
    private static long Padded(int channels) => (channels + 15L) / 16 * 16;

    private static void Expect(NetworkGraph graph, Node node, bool condition, string problem)
    {
        if (!condition) throw Illegal(graph, node.Name, problem);
    }

    private static InputException Illegal(NetworkGraph graph, string node, string problem) =>
        new($"network '{graph.Name}': node '{node}' {problem}");
}
