using Dst.Runtime;
using Dst.Training.Recipes;

namespace Dst.Training.Pruning;

/// <summary>Recipe section <c>prune</c>: the UHP pattern and the layers that it leaves alone.</summary>
public sealed record PruningOptions
{
    /// <summary>What a candidate is.</summary>
    [Setting("what is kept or dropped as a whole: an input channel's kernel, or a weight position")]
    public PruningUnit Unit { get; init; } = PruningUnit.Kernel;

    /// <summary>V: consecutive filters that share a choice.</summary>
    [Setting("consecutive filters that share one choice", Choices = ["1", "2", "4", "8", "16"])]
    public int Block { get; init; } = 16;

    /// <summary>M: length of the runs of which half is kept.</summary>
    [Setting("candidates in a run, of which exactly half is kept; even", Min = 2, Max = 1 << 20)]
    public int Group { get; init; } = 16;

    /// <summary>Layers that stay dense.</summary>
    [Setting("layers that stay dense, by name; * stands for any characters")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether the first convolution stays dense.</summary>
    [Setting("whether the first convolution stays dense")]
    public bool ExcludeFirst { get; init; }

    /// <summary>Whether the last convolution stays dense.</summary>
    [Setting("whether the last convolution stays dense")]
    public bool ExcludeLast { get; init; }

    /// <summary>The pattern that unit, block and group make.</summary>
    /// <exception cref="InputException">It is not legal.</exception>
    public UhpPattern Pattern
    {
        get => UhpPattern.Parse(new UhpPattern(Unit, Block, Group).ToString());
        init => (Unit, Block, Group) = value;
    }
}
