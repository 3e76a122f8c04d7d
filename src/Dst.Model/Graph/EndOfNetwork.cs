namespace Dst.Graph;

/// <summary>What the end of a network says of its outputs, for a checked graph and for one that still grows.</summary>
internal static class EndOfNetwork
{
    /// <summary>The last node up to <paramref name="node"/> that says what values mean, or null: bounds only cut them.</summary>
    /// <param name="node">A node, or null for the network's input.</param>
    /// <param name="find">Gives the node of a name, or null for the network's input.</param>
    public static Node? FunctionOf(Node? node, Func<string, Node?> find)
    {
        while (node is not null && (node.Operation.IsIdentityInInference || node.Operation is FlattenOp or ClipOp))
            node = find(node.Inputs[0]);
        return node;
    }

    /// <summary>
    /// What the values of a node are. Joined values are logits if all of them are. Others, such as several softmaxes, have no scale.
    /// </summary>
    /// <param name="node">A node, or null for the network's input.</param>
    /// <param name="find">Gives the node of a name, or null for the network's input.</param>
    public static OutputKind KindOf(Node? node, Func<string, Node?> find) => FunctionOf(node, find) switch
    {
        null => OutputKind.Logits,
        { Operation: ConcatOp } joined => joined.Inputs.All(input => KindOf(find(input), find) == OutputKind.Logits)
            ? OutputKind.Logits : OutputKind.None,
        var function => function.Operation.Outputs,
    };
}
