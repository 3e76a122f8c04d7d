using System.Text;
using System.Xml.Linq;
using Dst.Foundations;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html;

/// <summary>Puts sections into a page.</summary>
internal static class HtmlPage
{
    // The browser enforces it, whatever the names of classes and files hold.
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    private const string LivePolicy = $"{Policy}; script-src 'self'; connect-src 'self'";

    /// <summary>A page with nothing but its sections.</summary>
    public static string Render(string title, IEnumerable<XElement> body) => Render(title, Policy, script: null, body);

    /// <summary>A page that takes a script from the server that it comes from.</summary>
    public static string RenderLive(string title, string script, IEnumerable<XElement> body) =>
        Render(title, LivePolicy, script, body);

    /// <summary>Writes a page to a file.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, string page)
    {
        var bytes = Encoding.UTF8.GetBytes(page);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>An element as a line of a page.</summary>
    public static string Line(XElement element) => element.ToString(SaveOptions.DisableFormatting) + "\n";

    /// <summary>A text file that is part of the program.</summary>
    public static string Resource(string name)
    {
        using var stream = typeof(HtmlPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Render(string title, string policy, string? script, IEnumerable<XElement> body)
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append(Line(Tag("title", $"{title} - DST report"))).Append("<style>\n").Append(Resource("report.css")).Append("</style>\n");
        if (script is not null) page.Append(Line(Tag("script", Attribute("src", script), Attribute("defer", "defer"))));
        page.Append("</head>\n<body>\n<main>\n");
        foreach (var section in body) page.Append(Line(section));
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }
}
