using Dst.Kernels;
using Dst.Masks;
using Dst.Quantisation;

namespace Dst.Graph;

/// <summary>
/// Leaves out channels that no layer reads, and the filters that compute them. Masks make such channels where all filters that read a map
/// share one choice: the 10 filters of the last layer of A-ConvNet then read 64 of 128 channels. The network computes the same.
/// </summary>
/// <example>
/// <code>
/// var smaller = UnreadChannels.Remove(Model.Load("dst.safetensors"));
/// </code>
/// </example>
public static class UnreadChannels
{
    /// <summary>
    /// The same network without channels that no layer reads, as far as masks keep their pattern; the model itself if there are none.
    /// </summary>
    /// <param name="model">Not changed.</param>
    /// <param name="lanes">Channels that are computed together: fewer of them save nothing, and stay.</param>
    public static Model Remove(Model model, int lanes = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Masks.Count == 0) return model;
        foreach (var space in ChannelSpaces.Of(model.Graph))
        {
            if (ReadChannels(model, space) is { } read && Saves(model, space, read.Length, lanes))
                model = Keep(model, space, read) ?? model;
        }

        return model;
    }

    /// <summary>Words for each layer from which <see cref="Remove"/> takes filters: how many, and of how many.</summary>
    public static IEnumerable<string> Describe(Model whole, Model smaller)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(smaller);
        return whole.Graph.Nodes.Zip(smaller.Graph.Nodes).Select(pair => Describe(pair.First, pair.Second)).OfType<string>();
    }

    private static string? Describe(Node before, Node after) =>
        before.Operation is Conv2dOp { Groups: 1, OutChannels: var all }
        && after.Operation is Conv2dOp { OutChannels: var left } && left < all
            ? $"{before.Name}: {all - left} of {all} filters are read by no layer"
            : null;

    /// <summary>
    /// The channels that the layers behind a space read, ascending, if these read whole kernels of the same channels; else null.
    /// </summary>
    private static int[]? ReadChannels(Model model, ChannelSpace space)
    {
        int[]? read = null;
        foreach (var layer in space.Consumers)
        {
            if (!model.Masks.TryGetValue(layer, out var mask)) return null;
            for (var block = 0; block < mask.Blocks; block++)
            {
                if (mask.WholeChannelsOf(block) is not { Length: > 0 } channels) return null;
                if (read is not null && !read.SequenceEqual(channels)) return null;
                read = channels;
            }
        }

        return read;
    }

    private static bool Saves(Model model, ChannelSpace space, int read, int lanes) =>
        Layout.CeilDiv(read, lanes) < Layout.CeilDiv(model.Graph.Shapes[space.Producers[0]].Channels, lanes);

    /// <summary>The network with these channels of a space alone, or null if a mask or an operation does not allow it.</summary>
    private static Model? Keep(Model model, ChannelSpace space, int[] channels)
    {
        if (WithChannels(model.Graph, space, channels.Length) is not { } graph) return null;
        if (MasksOf(model, space, channels) is not { } masks) return null;
        var parameters = model.Parameters.ToDictionary();
        space.GatherParameters(parameters, model.Graph, channels);
        return model with { Graph = graph, Parameters = parameters, Masks = masks, Int8 = ScalesOf(model.Int8, space, channels) };
    }

    private static CheckedGraph? WithChannels(CheckedGraph graph, ChannelSpace space, int count)
    {
        var nodes = new List<Node>();
        foreach (var node in graph.Nodes)
        {
            var operation = space.Producers.Contains(node.Name) ? node.Operation.WithFilters(count)
                : space.Carriers.Contains(node.Name) ? node.Operation.OnChannels(count, graph.Shapes[node.Inputs[0]])
                : node.Operation;
            if (operation is null) return null;
            nodes.Add(node with { Operation = operation });
        }

        return new(graph.Definition with { Nodes = nodes });
    }

    /// <summary>The masks: layers that read the space are dense now, those that write it have fewer filters in a block.</summary>
    private static Dictionary<string, LayerMask>? MasksOf(Model model, ChannelSpace space, int[] channels)
    {
        var masks = model.Masks.Where(mask => !space.Consumers.Contains(mask.Key)).ToDictionary();
        foreach (var layer in space.Producers.Where(masks.ContainsKey))
        {
            if (masks[layer].OfFilters(channels) is not { } mask) return null;
            masks[layer] = mask;
        }

        return masks;
    }

    private static Int8Scales? ScalesOf(Int8Scales? scales, ChannelSpace space, int[] channels) => scales is null ? null : scales with
    {
        Filters = scales.Filters.ToDictionary(layer => layer.Key, layer => space.Writes(layer.Key)
            ? [.. channels.Select(channel => layer.Value[channel])]
            : layer.Value),
    };
}
