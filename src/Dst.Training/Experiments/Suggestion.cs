using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments;

/// <summary>A choice that suits a data set: keys of a recipe with their values, and why.</summary>
/// <param name="Key">The key that stands for the choice. Whoever sets it has made the choice.</param>
/// <param name="Text">What is chosen, and why, in a few words.</param>
/// <param name="Settings">The keys.</param>
/// <seealso cref="Suggestions"/>
public sealed record Suggestion(string Key, string Text, IReadOnlyList<SettingOverride> Settings)
{
    private const string Where = "the choice for this data";

    internal static Suggestion Of(string key, string text, params IEnumerable<(string Key, object Value)> settings) =>
        new(key, text, [.. settings.Select(setting => SettingOverride.Of(
            setting.Key, SettingWriter.Format(setting.Value), Where))]);
}
