using System.Reflection;
using System.Xml.Linq;

namespace Dst.Reference;

/// <summary>The public types of the libraries, with their XML documentation.</summary>
public sealed class Library
{
    private static readonly string[] Assemblies =
        ["Dst.Kernels", "Dst.Model", "Dst.Images", "Dst.Runtime", "Dst.Interop", "Dst.Training", "Dst.Distributed", "Dst.Report"];

    private readonly Dictionary<string, XElement> _docs;
    private readonly Dictionary<Type, Type> _exampleOf = [];

    private Library(List<Type> types, Dictionary<string, XElement> docs)
    {
        (Types, _docs) = (types, docs);
        FindExamples();
    }

    /// <summary>All public types, by namespace and name.</summary>
    public IReadOnlyList<Type> Types { get; }

    /// <summary>Loads the assemblies of a folder, and the documentation beside them.</summary>
    public static Library Load(string folder)
    {
        var types = Assemblies.SelectMany(name => Assembly.Load(name).GetExportedTypes())
            .OrderBy(type => type.Namespace, StringComparer.Ordinal).ThenBy(Names.Of, StringComparer.Ordinal).ToList();
        var docs = Assemblies.SelectMany(name => XDocument.Load(Path.Combine(folder, $"{name}.xml")).Descendants("member"))
            .Where(member => member.Attribute("name")!.Value[2..].StartsWith("Dst.", StringComparison.Ordinal)) // not what is generated
            .ToDictionary(member => member.Attribute("name")!.Value);
        return new(types, docs);
    }

    /// <summary>The documentation of a type or member, or null.</summary>
    public XElement? DocOf(MemberInfo member) => _docs.GetValueOrDefault(DocIds.Of(member));

    /// <summary>The code of a type's own examples.</summary>
    public IEnumerable<string> ExamplesOf(Type type) =>
        DocOf(type)?.Elements("example").Descendants("code").Select(code => Unindent(code.Value)) ?? [];

    /// <summary>The type whose example shows a type: itself, or the nearest that names it or has to do with it; or null.</summary>
    public Type? ExampleFor(Type type) => _exampleOf.GetValueOrDefault(type);

    /// <summary>The public members that have a text of their own.</summary>
    public IEnumerable<MemberInfo> MembersOf(Type type) => type
        .GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Where(member => member is not Type && DocOf(member)?.Element("summary") is not null);

    // From types with examples to what they name in code, take and give: first the nearest.
    private void FindExamples()
    {
        var next = new Queue<Type>();
        foreach (var type in Types.Where(type => ExamplesOf(type).Any())) Reach(type, type);
        while (next.TryDequeue(out var shown))
        {
            var code = string.Join('\n', ExamplesOf(shown));
            foreach (var other in Types.Where(other => !_exampleOf.ContainsKey(other)))
                if (Words(code).Contains(Names.Simple(other)) || Mentions(shown, other)) Reach(other, _exampleOf[shown]);
        }

        void Reach(Type type, Type example)
        {
            _exampleOf[type] = example;
            next.Enqueue(type);
        }
    }

    private static HashSet<string> Words(string code) => [.. code.Split([.. " .,;:()<>[]{}=!?&|+-*/\"'\n"])];

    // What a type takes or gives, derives from, nests, or names in its documentation, either way.
    private bool Mentions(Type type, Type other) => Uses(type).Contains(other) || SeeOf(other).Contains(type);

    private IEnumerable<Type> SeeOf(Type type)
    {
        var ids = (DocOf(type)?.Descendants("see") ?? []).Concat(DocOf(type)?.Descendants("seealso") ?? [])
            .Select(see => see.Attribute("cref")?.Value).ToHashSet();
        return Types.Where(other => ids.Contains(DocIds.Of(other)) || ids.Any(id => id?[2..].StartsWith($"{other.FullName}.") == true));
    }

    private HashSet<Type> Uses(Type type)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var named = type.GetMembers(all).SelectMany(member => member switch
        {
            MethodBase method => method.GetParameters().Select(parameter => parameter.ParameterType)
                .Append(method is MethodInfo { ReturnType: var result } ? result : typeof(void)),
            PropertyInfo property => [property.PropertyType],
            FieldInfo field => [field.FieldType],
            Type nested => [nested],
            _ => Enumerable.Empty<Type>(),
        });
        var derived = Types.Where(other => other.BaseType == type || other.GetInterfaces().Contains(type));
        return [.. named.Concat(derived).Concat(type.BaseType is { } parent ? [parent] : []).SelectMany(Parts)];
    }

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition())
        : [type];

    private static string Unindent(string code)
    {
        var lines = code.Trim('\r', '\n').TrimEnd().Split('\n');
        var margin = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > margin ? line[margin..].TrimEnd() : ""));
    }
}
