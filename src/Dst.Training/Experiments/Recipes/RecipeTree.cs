using Dst.Foundations;
using YamlDotNet.RepresentationModel;

namespace Dst.Training.Experiments.Recipes;

/// <summary>
/// The YAML nodes of a recipe before they are bound to options, each with where it came from: a line of the file or an override.
/// </summary>
internal sealed class RecipeTree
{
    private const int MaxBytes = 1 << 20;

    private readonly string _source;
    private readonly Dictionary<YamlNode, string> _overrides = new(ReferenceEqualityComparer.Instance);

    private RecipeTree(string source, YamlMappingNode root)
    {
        _source = source;
        Root = root;
    }

    /// <summary>The recipe's keys.</summary>
    public YamlMappingNode Root { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It cannot be read, is too large, or is not a mapping of plain YAML data.</exception>
    public static RecipeTree Read(string path) => Parse($"recipe {path}", InputFile.ReadText(path, MaxBytes));

    /// <summary>Reads a text; <paramref name="source"/> is what errors call it.</summary>
    /// <exception cref="InputException">The text is not a mapping of plain YAML data.</exception>
    public static RecipeTree Parse(string source, string text)
    {
        var root = PlainYaml.Parse(text, line => $"{source} line {line}")
            ?? throw new InputException($"{source} is empty; expected at least one key such as 'train:'");
        return root is YamlMappingNode mapping
            ? new(source, mapping)
            : throw new InputException(
                $"{source} line {root.Start.Line}: the recipe is {Describe(root)}; expected keys and values such as 'seed: 1'");
    }

    /// <summary>Sets a key; sections on the way to it are made where they are missing.</summary>
    /// <returns>The keys of a section that another section replaces and does not have, unless that one is empty.</returns>
    public IReadOnlyList<string> Override(SettingOverride setting)
    {
        var section = Root;
        foreach (var key in setting.Path.SkipLast(1))
        {
            if (Find(section, key) is not YamlMappingNode child) Replace(section, key, child = [], setting.Where);
            section = child;
        }

        var lost = Find(section, setting.Path[^1]) is YamlMappingNode old && setting.Value is YamlMappingNode { Children.Count: > 0 } value
            ? old.Children.Keys.Except(value.Children.Keys).Select(key => key.ToString()).ToArray()
            : [];
        Replace(section, setting.Path[^1], setting.Value, setting.Where);
        return lost;
    }

    /// <summary>
    /// Copies into section <paramref name="path"/> all keys of section <paramref name="from"/> that it lacks, at every depth, but for
    /// <paramref name="except"/>.
    /// </summary>
    public void Inherit(string path, string from, params string[] except)
    {
        if (Find(Root, from) is YamlMappingNode source) Fill(path, source, except);
    }

    /// <summary>
    /// Copies into section <paramref name="path"/>, which is made if it is missing, all keys of <paramref name="defaults"/> that it
    /// lacks, at every depth, but for <paramref name="except"/>.
    /// </summary>
    public void Fill(string path, YamlMappingNode defaults, params string[] except)
    {
        var target = Root;
        foreach (var key in path.Split('.'))
        {
            var child = Find(target, key);
            if (child is null) target.Add(key, child = new YamlMappingNode());
            if (child is not YamlMappingNode section) return; // the binder refuses it
            target = section;
        }

        AddMissing(target, defaults, except);
    }

    /// <summary>The value of a key, or null if there is no such key or section.</summary>
    public YamlNode? Find(string section, string key) => Find(Root, section) is YamlMappingNode mapping ? Find(mapping, key) : null;

    /// <summary>Removes a key and returns its value, or null if there is no such key or section.</summary>
    public YamlNode? Remove(string section, string key)
    {
        if (Find(section, key) is not { } value) return null;
        ((YamlMappingNode)Find(Root, section)!).Children.Remove(new YamlScalarNode(key));
        return value;
    }

    /// <summary>The file and line, or the override, that a node came from.</summary>
    public string Where(YamlNode node) => _overrides.TryGetValue(node, out var where) ? where : $"{_source} line {node.Start.Line}";

    /// <summary>What kind of node it is, for messages.</summary>
    public static string Describe(YamlNode node) => node switch
    {
        YamlMappingNode => "a section",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: null or "" } => "empty",
        _ => $"'{Phrases.Shorten(node.ToString())}'",
    };

    private static void AddMissing(YamlMappingNode target, YamlMappingNode source, string[] except)
    {
        foreach (var (key, value) in source.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && except.Contains(name)) continue;
            if (!target.Children.TryGetValue(key, out var own)) target.Add(key, Copy(value, except));
            else if (own is YamlMappingNode ownSection && value is YamlMappingNode section) AddMissing(ownSection, section, except);
        }
    }

    // Sections are copied because overrides change them in place; leaves keep their node and with it their line.
    private static YamlNode Copy(YamlNode node, string[] except)
    {
        if (node is not YamlMappingNode section) return node;
        var copy = new YamlMappingNode();
        AddMissing(copy, section, except);
        return copy;
    }

    private static YamlNode? Find(YamlMappingNode section, string key) =>
        section.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;

    private void Replace(YamlMappingNode section, string key, YamlNode value, string where)
    {
        var keyNode = new YamlScalarNode(key);
        section.Children.Remove(keyNode);
        section.Children.Add(keyNode, value);
        _overrides[keyNode] = where;
        foreach (var node in value.AllNodes) _overrides[node] = where;
    }
}
