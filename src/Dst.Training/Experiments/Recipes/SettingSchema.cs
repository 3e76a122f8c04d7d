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
        Name = Words.OfName(property.Name);
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

    public object? Get(object section) => _property.GetValue(section);

    public void Set(object section, object? value) => _property.SetValue(section, value);
}

/// <summary>Which keys a section has, by reflection over its <see cref="SettingAttribute"/>s.</summary>
internal static class SettingSchema
{
    private static readonly Dictionary<Type, IReadOnlyList<SettingProperty>> Cache = [];

    /// <summary>The keys of a section in the order of declaration; none if the type is not a section.</summary>
    public static IReadOnlyList<SettingProperty> Of(Type section)
    {
        lock (Cache)
        {
            if (Cache.TryGetValue(section, out var known)) return known;
        }

        var properties = section.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => (Property: property, Setting: property.GetCustomAttribute<SettingAttribute>()))
            .Where(pair => pair.Setting is not null)
            .OrderBy(pair => pair.Property.DeclaringType == section ? 1 : 0) // an inherited key comes first, as in its base's own list
            .Select(pair => new SettingProperty(pair.Property, pair.Setting!))
            .ToList();
        lock (Cache) return Cache[section] = properties;
    }
}
