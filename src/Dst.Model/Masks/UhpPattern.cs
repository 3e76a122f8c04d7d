using Dst.Foundations;

namespace Dst.Masks;

/// <summary>What a pattern keeps or prunes as one: a candidate.</summary>
public enum PruningUnit
{
    /// <summary>One input channel's whole Kh×Kw kernel.</summary>
    Kernel,

    /// <summary>One row of Kw weights of one input channel's kernel.</summary>
    Row,

    /// <summary>One weight position in the flattened I·Kh·Kw row.</summary>
    Weight,
}

/// <summary>
/// The uniformity half-pruning (UHP) pattern. <paramref name="Block"/> consecutive filters share one choice. Of each run of
/// <paramref name="Group"/> candidates exactly <paramref name="Keep"/> are kept, half of them unless it says otherwise.
/// A shorter last run of m keeps ⌈m·Keep/Group⌉.
/// </summary>
/// <param name="Unit">What a candidate is.</param>
/// <param name="Block">Filters that share a choice: 1, 2, 4, 8, 16 or 32.</param>
/// <param name="Group">Candidates in a run: at least 2.</param>
/// <param name="Keep">How many of a run are kept: 1 to <paramref name="Group"/> − 1.</param>
/// <example>
/// <code>
/// var pattern = UhpPattern.Parse("row:16:16");
/// Console.WriteLine($"{pattern.Unit}, {pattern.Block} filters share a choice, {pattern.Share:P0} are kept");
/// </code>
/// </example>
public sealed record UhpPattern(PruningUnit Unit, int Block, int Group, int Keep)
{
    /// <summary>The pattern that keeps half. An odd group has no half, so that its pattern is not legal.</summary>
    /// <param name="unit">What a candidate is.</param>
    /// <param name="block">Filters that share a choice: 1, 2, 4, 8, 16 or 32.</param>
    /// <param name="group">Candidates in a run: even.</param>
    public UhpPattern(PruningUnit unit, int block, int group) : this(unit, block, group, group % 2 == 0 ? group / 2 : 0)
    {
    }

    /// <summary>Kept share of the candidates of a whole run.</summary>
    public double Share => (double)Keep / Group;

    private bool IsLegal => IsLegalBlock(Block) && Group is >= 2 and <= 1 << 20 && Keep >= 1 && Keep < Group;

    /// <summary>Whether this many filters may share a choice.</summary>
    internal static bool IsLegalBlock(int filters) => filters is 1 or 2 or 4 or 8 or 16 or 32;

    /// <summary>How many of a run of <paramref name="length"/> candidates are kept.</summary>
    public int KeptOf(int length) => (int)(((long)length * Keep + Group - 1) / Group);

    /// <summary>Weights that one candidate stands for in one filter of a weight [O, I, Kh, Kw].</summary>
    public int WeightsPerCandidate(IReadOnlyList<int> weightShape) => Unit switch
    {
        PruningUnit.Kernel => weightShape[2] * weightShape[3],
        PruningUnit.Row => weightShape[3],
        _ => 1,
    };

    /// <summary>
    /// The text <c>kernel:16:16</c> (unit:block:group) that commands take, or <c>kernel:16:16:4</c> (unit:block:group:keep) if it does not
    /// keep half.
    /// </summary>
    public override string ToString() => $"{EnumWords.Of(Unit)}:{Block}:{Group}" + (2 * Keep == Group ? "" : $":{Keep}");

    /// <summary>Reads the text of <see cref="ToString"/>.</summary>
    /// <exception cref="InputException">The text is not a legal pattern.</exception>
    public static UhpPattern Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length is not (3 or 4) || EnumWords.Find<PruningUnit>(parts[0]) is not { } unit) throw Illegal(text);
        var numbers = new int[parts.Length - 1];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!int.TryParse(parts[i + 1], out numbers[i])) throw Illegal(text);
        }

        var pattern = numbers is [var block, var group]
            ? new UhpPattern(unit, block, group)
            : new(unit, numbers[0], numbers[1], numbers[2]);
        return pattern.IsLegal ? pattern : throw Illegal(text);
    }

    /// <summary>This pattern, if its numbers are legal.</summary>
    /// <exception cref="InputException">They are not.</exception>
    public UhpPattern Checked() => IsLegal ? this : throw Illegal(ToString());

    private static InputException Illegal(string text) => new(
        $"pattern '{text}' is not legal; expected unit:block:group with an even group, such as kernel:16:16, or unit:block:group:keep with "
        + "keep from 1 to group - 1, such as kernel:16:16:4; unit is kernel, row or weight, block 1, 2, 4, 8, 16 or 32");
}
