using YamlDotNet.RepresentationModel;

namespace Dst.Training.Experiments.Recipes;

/// <summary>A value for one key of a recipe that is given beside its file. It is bound and checked like a value in the file.</summary>
public sealed class SettingOverride
{
    private SettingOverride(IReadOnlyList<string> path, YamlNode value, string where) => (Path, Value, Where) = (path, value, where);

    /// <summary>The names of the sections, then the key.</summary>
    internal IReadOnlyList<string> Path { get; }

    internal YamlNode Value { get; }

    /// <summary>What errors call the place of the value.</summary>
    internal string Where { get; }

    /// <summary>The keys that it sets: its path, or those below it if the value is a section.</summary>
    public IEnumerable<string> Keys => KeysOf(string.Join('.', Path), Value);

    /// <summary>Reads <c>a.b=value</c>; the value is YAML, so that it can be a list or a section.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="assignment"/> is null.</exception>
    /// <exception cref="InputException">The text has no key, no <c>=</c>, no value, or one that is not YAML.</exception>
    public static SettingOverride Parse(string assignment) => Parse(assignment, "setting");

    /// <summary>As <see cref="Parse(string)"/>, for a text from elsewhere than a program.</summary>
    /// <param name="assignment">The text.</param>
    /// <param name="what">What errors call it, such as <c>option --set</c>.</param>
    /// <inheritdoc cref="Parse(string)"/>
    public static SettingOverride Parse(string assignment, string what)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        var where = $"{what} {assignment}";
        var separator = assignment.IndexOf('=', StringComparison.Ordinal);
        var path = separator < 0 ? [] : assignment[..separator].Trim().Split('.');
        if (path.Length == 0 || path.Any(string.IsNullOrEmpty))
            throw new InputException($"{where}: expected section.key=value, such as train.epochs=10");
        // A variable of the shell that is not set leaves nothing behind the sign.
        var value = PlainYaml.Parse(assignment[(separator + 1)..], _ => where)
            ?? throw new InputException($"{where} has no value; one was expected, or \"''\" for an empty one");
        return new(path, value, where);
    }

    /// <summary>A single value.</summary>
    /// <param name="key">The key with its sections, such as <c>train.epochs</c>.</param>
    /// <param name="text">The value as it stands in a recipe, but never read as YAML: a text may have any characters.</param>
    /// <param name="where">What errors call the place of the value.</param>
    public static SettingOverride Of(string key, string text, string where) => new(key.Split('.'), new YamlScalarNode(text), where);

    /// <summary>A list of values.</summary>
    /// <param name="key">The key with its sections.</param>
    /// <param name="elements">The values, as in <see cref="Of"/>.</param>
    /// <param name="where">What errors call the place of the values.</param>
    public static SettingOverride OfList(string key, IEnumerable<string> elements, string where) =>
        new(key.Split('.'), new YamlSequenceNode(elements.Select(element => new YamlScalarNode(element))), where);

    private static IEnumerable<string> KeysOf(string path, YamlNode value) => value is YamlMappingNode { Children.Count: > 0 } section
        ? section.Children.SelectMany(child => KeysOf($"{path}.{child.Key}", child.Value))
        : [path];
}
