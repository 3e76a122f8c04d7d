using System.Reflection;
using Dst.Foundations;

namespace Dst.Training.Experiments.Recipes;

/// <summary>One key of a section of a recipe: a property that carries a <see cref="SettingAttribute"/>.</summary>
internal sealed class SettingProperty
{
    private readonly PropertyInfo _property;

    public SettingProperty(PropertyInfo property, SettingAttribute setting)
    {
        _property = property;
        Setting = setting;
        Name = EnumWords.OfName(property.Name);
        Type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        IsOptional = new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
    }

    /// <summary>The key, in snake_case.</summary>
    public string Name { get; }

    /// <summary>Help text and legal values.</summary>
    public SettingAttribute Setting { get; }

    /// <summary>Type of the value, without <c>?</c>.</summary>
    public Type Type { get; }

    /// <summary>Whether null is a legal value.</summary>
    public bool IsOptional { get; }

    /// <summary>Type of the elements if the value is a list, else null.</summary>
    public Type? ElementType =>
        Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? Type.GetGenericArguments()[0] : null;

    /// <summary>Whether the value is a list of sections.</summary>
    public bool IsListOfSections => ElementType is { } element && SettingSchema.Of(element).Count > 0;

    /// <summary>Whether the value is a section with keys of its own.</summary>
    public bool IsSection => SettingSchema.Of(Type).Count > 0;

    /// <summary>The legal values of a key in words.</summary>
    public string Expected
    {
        get
        {
            var type = ElementType ?? Type;
            if (IsSection) return "a section";
            if (IsListOfSections)
                return $"sections such as {{{string.Join(", ", SettingSchema.Of(type).Select(key => $"{key.Name}: {key.Expected}"))}}}";
            IReadOnlyList<string> choices = type.IsEnum ? EnumWords.All(type) : Setting.Choices;
            if (choices.Count > 0) return Phrases.Choice(choices);
            if (type == typeof(bool)) return "true or false";
            if (type == typeof(string)) return "text";
            if (type == typeof(ImageSize))
                return $"0, or a side or height x width of 1 to {SettingWriter.Format(Setting.Max)}, such as 128x64 or [128, 64]";
            return (type == typeof(int) || type == typeof(long) ? "a whole number" : "a number") + Range;
        }
    }

    private string Range
    {
        get
        {
            var (low, high) = (Setting.Min, Setting.Max);
            return (double.IsFinite(low), double.IsFinite(high)) switch
            {
                (true, true) => $" from {SettingWriter.Format(low)} to {SettingWriter.Format(high)}",
                (true, false) => $" of at least {SettingWriter.Format(low)}",
                (false, true) => $" of at most {SettingWriter.Format(high)}",
                _ => "",
            };
        }
    }

    public object? Get(object section) => _property.GetValue(section);

    public void Set(object section, object? value) => _property.SetValue(section, value);
}
