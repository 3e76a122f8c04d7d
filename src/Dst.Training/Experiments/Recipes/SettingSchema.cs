using System.Reflection;

namespace Dst.Training.Experiments.Recipes;

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

    /// <summary>The shortest path to a key of some name in the sections among <paramref name="keys"/>, or null.</summary>
    public static string? FindBelow(IReadOnlyList<SettingProperty> keys, string name)
    {
        var level = keys.Select(key => (Path: key.Name, Key: key)).ToList();
        while (level.Count > 0)
        {
            level =
            [
                .. level.Where(key => key.Key.IsSection)
                    .SelectMany(section => Of(section.Key.Type), (section, key) => ($"{section.Path}.{key.Name}", key)),
            ];
            if (level.Find(key => key.Key.Name == name).Path is { } found) return found;
        }

        return null;
    }
}
