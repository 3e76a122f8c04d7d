using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Dst.Report.Renderers;

namespace Dst.Report.Html;

/// <summary>
/// Makes elements of HTML and SVG. They are a tree, not text: whatever a name holds is escaped when the tree is written.
/// </summary>
internal static class Markup
{
    /// <summary>Elements that HTML or SVG reads as empty. Any other is written with its end tag.</summary>
    private static readonly HashSet<string> Empty =
        ["meta", "br", "img", "rect", "path", "line", "circle", "polyline"];

    /// <summary>An element with attributes, elements and texts; null is nothing.</summary>
    public static XElement Tag(string name, params IEnumerable<object?> content)
    {
        var element = new XElement(name, content.Select(Clean));
        if (!Empty.Contains(name)) element.Add("");
        return element;
    }

    /// <summary>An attribute.</summary>
    public static XAttribute Attribute(string name, object value) => new(name, Clean(value)!);

    /// <summary>The CSS classes of an element, with spaces between them.</summary>
    public static XAttribute Class(string classes) => new("class", classes);

    /// <summary>A coordinate with as many digits as one can see.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static object? Clean(object? content) => content switch
    {
        string text => string.Concat(Printable.Of(text).Select(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\ufffd')),
        IEnumerable<object> list => list.Select(Clean),
        _ => content,
    };
}
