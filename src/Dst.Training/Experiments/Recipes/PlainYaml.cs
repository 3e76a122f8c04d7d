using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Dst.Training.Experiments.Recipes;

/// <summary>Reads YAML of plain data alone: anchors, aliases and tags are refused, and the depth is bounded.</summary>
internal static class PlainYaml
{
    private const int MaxDepth = 16;

    /// <summary>Reads one document of plain YAML, null if there is none; <paramref name="where"/> names the place of a line.</summary>
    /// <exception cref="InputException">It is not YAML, or not plain.</exception>
    public static YamlNode? Parse(string text, Func<long, string> where)
    {
        if (text.IndexOf('\0') is >= 0 and var zero) // the parser would take it for the end
            throw new InputException($"{where(1 + text.AsSpan(0, zero).Count('\n'))}: a zero byte is in the text; expected YAML");
        var parser = new Parser(new StringReader(text));
        try
        {
            CheckEvents(parser, where);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 0 ? null : stream.Documents[0].RootNode;
        }
        catch (YamlException e)
        {
            throw new InputException($"{where(YamlProblem.LineOf(e, text))}: {YamlProblem.Describe(e)}", e);
        }
        catch (Exception e) when (e is not InputException) // the parser throws many kinds, of which none says what is wrong
        {
            throw new InputException(
                $"{where(parser.Current?.End.Line ?? 1)}: the text from here on is not YAML; "
                + "expected keys and values, each bracket, brace and quote closed",
                e);
        }
    }

    // Runs before nodes are built, because building them recurses and follows aliases.
    private static void CheckEvents(Parser parser, Func<long, string> where)
    {
        var depth = 0;
        var documents = 0;
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;
            if (current is DocumentStart) documents++;
            var problem = current switch
            {
                AnchorAlias => "an alias is used",
                NodeEvent { Anchor.IsEmpty: false } => "an anchor is defined",
                NodeEvent { Tag.IsEmpty: false } => "a tag is used",
                _ when depth > MaxDepth => $"sections are nested deeper than {MaxDepth}",
                _ when documents > 1 => "a second document begins",
                _ => null,
            };
            if (problem is not null)
                throw new InputException($"{where(current.Start.Line)}: {problem}; expected one document of plain keys, values and lists");
        }
    }
}
