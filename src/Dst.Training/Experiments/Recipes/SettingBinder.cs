using System.Globalization;
using System.Text;
using Dst.Foundations;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Dst.Training.Experiments.Recipes;

/// <summary>
/// Binds YAML nodes to records whose properties carry <see cref="SettingAttribute"/>s. It is strict: an unknown key, a value of
/// another type and a value out of range are errors that name the place, the value and what was expected.
/// </summary>
/// <param name="where">Says where a node came from.</param>
internal sealed class SettingBinder(Func<YamlNode, string> where)
{
    private const string WholeRecipe = "the recipe";

    /// <summary>
    /// A new <typeparamref name="T"/> with the values of <paramref name="node"/>; keys that are absent keep their defaults.
    /// </summary>
    /// <exception cref="InputException">A key or value is not legal.</exception>
    public T Bind<T>(YamlMappingNode node) where T : class => (T)BindSection(Activator.CreateInstance<T>(), node, WholeRecipe);

    // Fills a new section in place, because a section inside it may have other defaults than its type.
    private object BindSection(object result, YamlMappingNode node, string section)
    {
        var properties = SettingSchema.Of(result.GetType());
        foreach (var (keyNode, value) in node.Children)
        {
            var key = keyNode is YamlScalarNode { Value: { } text }
                ? text
                : throw Illegal(keyNode, $"a key in {section} is {RecipeTree.Describe(keyNode)}; expected a word");
            if (properties.FirstOrDefault(p => p.Name == key) is not { } property)
                throw Illegal(keyNode, $"unknown key '{Phrases.Shorten(key)}' in {section}; {AdviceFor(key, properties)}");

            property.Set(result, BindValue(property, value, result, section));
        }

        return result;
    }

    /// <summary>What was probably meant: a key of this name in a section below, else one of nearly this name, else any of these.</summary>
    private static string AdviceFor(string key, IReadOnlyList<SettingProperty> properties) =>
        (SettingSchema.FindBelow(properties, key) ?? NearestName.Find(key, properties.Select(p => p.Name))) is { } meant
            ? $"did you mean '{meant}'?"
            : $"expected {Phrases.Choice([.. properties.Select(p => p.Name)])}";

    private object? BindValue(SettingProperty property, YamlNode node, object parent, string section)
    {
        if (node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" })
        {
            if (property.IsOptional) return null;
            throw Illegal(node, $"{property.Name} in {section} has no value; expected {property.Expected}");
        }

        if (property.IsSection)
        {
            if (node is YamlMappingNode mapping)
                return BindSection(property.Get(parent) ?? Activator.CreateInstance(property.Type)!, mapping, PathOf(property, section));
            var example = SettingSchema.Of(property.Type)[0].Name;
            throw Illegal(
                node, $"{property.Name} in {section} is {RecipeTree.Describe(node)}; expected a section with keys such as '{example}'");
        }

        return property.ElementType is { } elementType
            ? BindList(property, elementType, node, section)
            : BindScalar(property, property.Type, node, section);
    }

    private Array BindList(SettingProperty property, Type elementType, YamlNode node, string section)
    {
        if (node is not YamlSequenceNode sequence)
            throw Illegal(
                node,
                $"{property.Name} in {section} is {RecipeTree.Describe(node)}; expected a list such as [a, b], each {property.Expected}");
        var list = Array.CreateInstance(elementType, sequence.Children.Count);
        for (var i = 0; i < list.Length; i++)
        {
            var element = sequence.Children[i];
            var value = property.IsListOfSections
                ? BindElement(property, elementType, element, section)
                : BindScalar(property, elementType, element, section);
            list.SetValue(value, i);
        }

        return list;
    }

    private object BindElement(SettingProperty property, Type type, YamlNode node, string section) => node is YamlMappingNode mapping
        ? BindSection(Activator.CreateInstance(type)!, mapping, PathOf(property, section))
        : throw Illegal(node, $"{property.Name} in {section} has {RecipeTree.Describe(node)}; expected {property.Expected}");

    private object BindScalar(SettingProperty property, Type type, YamlNode node, string section)
    {
        var value = node switch
        {
            YamlScalarNode { Value: { } text } scalar => Parse(type, text, plain: scalar.Style is ScalarStyle.Plain or ScalarStyle.Any),
            YamlSequenceNode { Children: [YamlScalarNode height, YamlScalarNode width] } when type == typeof(ImageSize) =>
                ParseSize($"{height.Value}x{width.Value}"),
            _ => null,
        };
        var setting = property.Setting;
        var legal = value switch
        {
            null => false,
            string word => setting.Choices.Length == 0 || setting.Choices.Contains(word),
            bool or Enum => true,
            ImageSize size => InRange(setting, size.Height) && InRange(setting, size.Width),
            _ => InRange(setting, Convert.ToDouble(value, CultureInfo.InvariantCulture))
                && (setting.Choices.Length == 0 || setting.Choices.Contains(SettingWriter.Format(value))),
        };
        if (legal) return value!;
        var found = type == typeof(ImageSize) && node is YamlSequenceNode
            ? $"'{Phrases.Shorten(TextOf(node))}'"
            : RecipeTree.Describe(node);
        var quotes = IsQuoted(type, node) ? ", without quotes" : "";
        throw Illegal(node, $"{property.Name} in {section} is {found}; expected {property.Expected}{quotes}");
    }

    private static bool IsQuoted(Type type, YamlNode node) =>
        node is YamlScalarNode { Value: { } text, Style: ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted }
        && Parse(type, text, plain: true) is not null;

    private static string TextOf(YamlNode node) => node switch
    {
        YamlSequenceNode list => $"[{string.Join(", ", list.Children.Select(TextOf))}]",
        YamlScalarNode scalar => scalar.Value ?? "",
        _ => RecipeTree.Describe(node),
    };

    private static bool InRange(SettingAttribute setting, double number) =>
        double.IsFinite(number) && number >= setting.Min && number <= setting.Max;

    // A quoted value in a file is a text; one that was not read from YAML has no style.
    private static object? Parse(Type type, string text, bool plain)
    {
        if (type == typeof(string)) return IsWritable(text) ? HomeFolder.Expand(text) : null; // only paths begin with ~/
        if (type.IsEnum) return EnumWords.Find(type, text);
        if (type == typeof(ImageSize)) return ParseSize(text);
        if (!plain) return null;
        var culture = CultureInfo.InvariantCulture;
        if (type == typeof(bool))
            return text switch { "true" or "True" or "TRUE" => true, "false" or "False" or "FALSE" => false, _ => null }; // as in YAML
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var i) ? i : null;
        if (type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var l) ? l : null;
        if (type == typeof(float)) return float.TryParse(text, NumberStyles.Float, culture, out var f) ? f : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.Float, culture, out var d) ? d : null;
        throw new NotSupportedException($"settings of type {type.Name} are not supported");
    }

    private static ImageSize? ParseSize(string text) => ImageSize.TryParse(text, out var size) ? size : null;

    // No file name has a zero character. The replacement character stands for bytes, or half a surrogate pair, that are not text.
    private static bool IsWritable(string text) => !text.Contains('\0') && text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);

    private static string PathOf(SettingProperty property, string section) =>
        section == WholeRecipe ? property.Name : $"{section}.{property.Name}";

    private InputException Illegal(YamlNode node, string problem) => new($"{where(node)}: {problem}");
}
