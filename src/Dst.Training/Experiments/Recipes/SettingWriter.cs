using System.Collections;
using System.Globalization;
using Dst.Foundations;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Dst.Training.Experiments.Recipes;

/// <summary>Turns options back into YAML that <see cref="SettingBinder"/> reads to equal options, and into lists of keys.</summary>
internal static class SettingWriter
{
    /// <summary><see cref="Write"/> as a YAML text.</summary>
    public static string WriteText(object section)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(Write(section))).Save(writer, assignAnchors: false);
        return writer.ToString();
    }

    /// <summary>Every key of <paramref name="section"/> with its value, defaults included.</summary>
    public static YamlMappingNode Write(object section)
    {
        var node = new YamlMappingNode();
        foreach (var property in SettingSchema.Of(section.GetType())) node.Add(property.Name, WriteValue(property, property.Get(section)));
        return node;
    }

    /// <summary>Every key below <paramref name="section"/> as <c>a.b.c</c> with its value as text; null is empty.</summary>
    public static IEnumerable<(string Path, SettingProperty Property, string Value)> Flatten(object section, string prefix = "")
    {
        foreach (var property in SettingSchema.Of(section.GetType()))
        {
            var value = property.Get(section);
            if (property.IsSection)
            {
                foreach (var key in Flatten(value ?? Activator.CreateInstance(property.Type)!, $"{prefix}{property.Name}."))
                    yield return key;
            }
            else
            {
                var text = property.ElementType is null ? Format(value) : FormatList((IEnumerable?)value ?? Array.Empty<object>());
                yield return (prefix + property.Name, property, text);
            }
        }
    }

    /// <summary>A scalar as it stands in a recipe.</summary>
    public static string Format(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        Enum word => EnumWords.Of(word),
        ImageSize size when size.Height == size.Width => Format(size.Height),
        not null when SettingSchema.Of(value.GetType()) is { Count: > 0 } keys => FormatSection(value, keys),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string FormatSection(object section, IReadOnlyList<SettingProperty> keys) =>
        $"{{{string.Join(", ", keys.Select(key => $"{key.Name}: {Format(key.Get(section))}"))}}}";

    private static string FormatList(IEnumerable list) => $"[{string.Join(", ", list.Cast<object>().Select(Format))}]";

    private static YamlNode WriteValue(SettingProperty property, object? value)
    {
        if (value is null) return new YamlScalarNode("null") { Style = ScalarStyle.Plain };
        if (property.IsSection) return Write(value);
        if (property.ElementType is null) return Scalar(value);
        var elements = ((IEnumerable)value).Cast<object>();
        var nodes = elements.Select(element => property.IsListOfSections ? (YamlNode)Write(element) : Scalar(element));
        return new YamlSequenceNode(nodes) { Style = SequenceStyle.Flow };
    }

    // Words that YAML would read as null are quoted, and tabs at an end, which it would drop. The emitter quotes the rest.
    private static YamlScalarNode Scalar(object value)
    {
        var text = Format(value);
        var isQuoted = value is "" or "~" or "null" || text.Length != text.Trim().Length;
        return new(text) { Style = isQuoted ? ScalarStyle.DoubleQuoted : ScalarStyle.Any };
    }
}
