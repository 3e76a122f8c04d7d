using System.Text;

namespace Dst.Tests.Report;

/// <summary>A CSV text as programs read it (RFC 4180), after lines <c># name: value</c> of facts.</summary>
internal sealed record CsvText(IReadOnlyDictionary<string, string> Facts, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public static CsvText Parse(string text)
    {
        var facts = new Dictionary<string, string>();
        while (text.StartsWith("# ", StringComparison.Ordinal))
        {
            var end = text.IndexOf('\n');
            var fact = text[2..end].Split(": ", 2);
            facts.Add(fact[0], fact[1]);
            text = text[(end + 1)..];
        }

        return new(facts, RowsOf(text));
    }

    private static List<IReadOnlyList<string>> RowsOf(string text)
    {
        List<IReadOnlyList<string>> rows = [];
        List<string> row = [];
        var cell = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"' && isQuoted && i + 1 < text.Length && text[i + 1] == '"') cell.Append(text[i++]);
            else if (c == '"') isQuoted = !isQuoted;
            else if (isQuoted || c is not (',' or '\n')) cell.Append(c);
            else
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (c == ',') continue;
                rows.Add(row);
                row = [];
            }
        }

        return rows;
    }
}
