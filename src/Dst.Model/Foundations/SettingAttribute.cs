namespace Dst.Foundations;

/// <summary>
/// One key of a recipe: the property's name in snake_case, its help text and what values are legal. The recipe reader checks
/// every value against this, and the documentation of all keys is printed from it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public class SettingAttribute(string help) : Attribute
{
    /// <summary>One line that says what the setting does, with its unit.</summary>
    public string Help { get; } = help;

    /// <summary>Smallest legal number.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>Largest legal number.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>The legal words, if only some are.</summary>
    public string[] Choices { get; init; } = [];
}
