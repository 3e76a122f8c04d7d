namespace Dst.Graph;

/// <summary>Names a node in errors.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Node">Name of the node.</param>
internal readonly record struct NodeLocation(string Network, string Node)
{
    /// <summary>Throws unless <paramref name="isLegal"/>.</summary>
    /// <param name="isLegal">The condition.</param>
    /// <param name="problem">The rest of the sentence: what the node has and what was expected.</param>
    /// <exception cref="InputException">The condition does not hold.</exception>
    public void Expect(bool isLegal, string problem)
    {
        if (!isLegal) throw Illegal(problem);
    }

    /// <summary>The error of a node that is not legal.</summary>
    public InputException Illegal(string problem) => new($"network '{Network}': node '{Node}' {problem}");
}
