namespace Dst.Training;

/// <summary>
/// Makes a property a key of recipes, named in snake_case, with its help text and legal values. The recipe reader checks every value
/// against it, and the list of all keys is printed from it.
/// </summary>
/// <seealso cref="Experiments.Recipes.RecipeFile"/>
[AttributeUsage(AttributeTargets.Property)]
public class SettingAttribute(string help) : Attribute
{
    /// <summary>One line that says what the setting does, with its unit.</summary>
    public string Help { get; } = help;

    /// <summary>Smallest legal number.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>Largest legal number.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>The legal words, or none if any word is legal.</summary>
    public string[] Choices { get; init; } = [];
}
