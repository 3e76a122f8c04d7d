using System.Globalization;
using System.Text;

namespace Dst.Report.Renderers;

/// <summary>
/// Makes text on one line fit to be shown. Names in files can hold anything: escape sequences that steer a terminal, line breaks that
/// look like lines of ours, or marks that turn the direction of the text around.
/// </summary>
/// <seealso cref="TextRenderer"/>
public static class Printable
{
    /// <summary>The text, with an escape such as <c>\n</c> or <c>\u001b</c> for each character that has no shape of its own.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.All(IsPlain)) return text;
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i)) shown.Append(text, i++, 2);
            else if (IsPlain(text[i])) shown.Append(text[i]);
            else shown.Append(Escape(text[i]));
        }

        return shown.ToString();
    }

    // A surrogate is not plain: only a pair of them is text.
    private static bool IsPlain(char c) => c is >= ' ' and <= '~' || !char.IsControl(c) && !char.IsSurrogate(c) && !IsMark(c);

    private static bool IsMark(char c) => c
        is '\u2028' or '\u2029' // line and paragraph separators
        or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'); // directions

    private static string Escape(char c) => c switch
    {
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        _ => string.Create(CultureInfo.InvariantCulture, $@"\u{(int)c:x4}"),
    };
}
