using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Dst.Reference;

/// <summary>Writes the reference: an index, and a page for each namespace.</summary>
public static partial class Pages
{
    /// <summary>Name of the index.</summary>
    public const string IndexName = "README.md";

    /// <summary>Writes all pages into a folder.</summary>
    public static void Write(Library library, string folder)
    {
        Directory.CreateDirectory(folder);
        var index = new StringBuilder("# Reference\n\nAll public types of the packages, made from their XML documentation.\n");
        foreach (var types in library.Types.GroupBy(type => type.Namespace!))
        {
            index.Append($"\n## {types.Key}\n");
            var page = new StringBuilder($"# {types.Key}\n");
            foreach (var type in types)
            {
                index.Append($"- {LinkTo(type)}: {FirstSentence(SummaryOf(library, type))}\n");
                Append(page, library, type);
            }

            File.WriteAllText(Path.Combine(folder, $"{types.Key}.md"), page.ToString());
        }

        File.WriteAllText(Path.Combine(folder, IndexName), index.ToString());
    }

    private static void Append(StringBuilder page, Library library, Type type)
    {
        page.Append($"\n## {Names.Of(type)}\n`{Names.KindOf(type)}` of {type.Assembly.GetName().Name}. {SummaryOf(library, type)}\n");
        if (TextOf(library.DocOf(type)?.Element("remarks")) is { Length: > 0 } remarks) page.Append($"\n{remarks}\n");
        foreach (var code in library.ExamplesOf(type)) page.Append($"\n```csharp\n{code}\n```\n");
        if (library.ExampleFor(type) is { } other && other != type) page.Append($"\nExample: see {LinkTo(other)}.\n");
        var rows = library.MembersOf(type).Select(member => (Name: Names.Of(member), Text: SummaryOf(library, member))).ToList();
        if (rows.Count == 0) return;
        page.Append("\n| member | |\n|---|---|\n");
        foreach (var (name, text) in rows) page.Append($"| `{name}` | {text.Replace("|", "\\|")} |\n");
    }

    private static string LinkTo(Type type)
    {
        var anchor = Names.Of(type).ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is '-' or ' ');
        return $"[{Names.Of(type)}]({type.Namespace}.md#{string.Concat(anchor).Replace(' ', '-')})";
    }

    private static string SummaryOf(Library library, MemberInfo member) => TextOf(library.DocOf(member)?.Element("summary"));

    private static string FirstSentence(string text) =>
        text.IndexOf(". ", StringComparison.Ordinal) is > 0 and var end ? text[..(end + 1)] : text;

    private static string TextOf(XElement? element) =>
        element is null ? "" : Spaces().Replace(string.Concat(element.Nodes().Select(TextOf)), " ").Trim();

    private static string TextOf(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "code" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "list" } list => $" {string.Join("; ", list.Elements("item").Select(item => TextOf(item)))}. ",
        XElement element when (element.Attribute("cref") ?? element.Attribute("langword") ?? element.Attribute("name")) is { } name =>
            $"`{LastName(name.Value)}`",
        XElement element => $" {TextOf(element)} ",
        _ => "",
    };

    // Of T:Dst.Images.Image or M:Dst.Images.Image.Read(System.String) what a reader knows: Image, Image.Read.
    private static string LastName(string id)
    {
        if (id.Length < 2 || id[1] != ':') return id;
        var parts = id[2..].Split('(')[0].Split('.');
        return id[0] == 'T' ? parts[^1].Split('`')[0] : string.Join('.', parts[^2..]).Replace(".#ctor", "");
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
