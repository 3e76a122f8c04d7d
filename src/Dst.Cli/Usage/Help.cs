using System.CommandLine;
using System.CommandLine.Invocation;
using Dst.Report;

namespace Dst.Cli.Usage;

/// <summary>The help of a verb: what it does, its arguments and options, and examples.</summary>
/// <param name="purposes">What each verb of the program is for, in the order of the list of verbs.</param>
internal sealed class Help(IReadOnlyList<(string Purpose, string Verb)> purposes) : SynchronousCommandLineAction
{
    private const int Width = 100;
    private const int LabelWidth = 26;
    private const string Indent = "  ";

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        foreach (var line in LinesOf(parseResult.CommandResult.Command)) output.WriteLine(line);
        return CommandLine.Done;
    }

    private IEnumerable<string> LinesOf(Command command)
    {
        var verb = command as Verb;
        var families = verb?.OptionFamilies.SelectMany(family => Entry(family.Label, family.Help)) ?? [];
        return
        [
            .. Format.Wrap(command.Description!, Width),
            .. Section("Usage:", [UsageOf(command)]),
            .. command.Subcommands.GroupBy(PurposeOf).SelectMany(
                group => Section($"{group.Key}:", group.SelectMany(sub => Entry(sub.Name, FirstSentence(sub.Description!))))),
            .. Section("Arguments:", command.Arguments.SelectMany(argument => Entry(LabelOf(argument), argument.Description!))),
            .. Section("Options:", [.. EntriesOf(command.Options), .. families, .. EntriesOf(InheritedOptions(command))]),
            .. Section("Examples:", verb?.Examples.Select(example => $"{Indent}{ProgramName.Value} {example}") ?? []),
        ];
    }

    private string PurposeOf(Command command) =>
        command.Parents.OfType<RootCommand>().Any() ? purposes.First(verb => verb.Verb == command.Name).Purpose : "Verbs";

    private static IEnumerable<string> Section(string title, IEnumerable<string> lines) => lines.Any() ? ["", title, .. lines] : [];

    /// <summary>A label with its explanation beside it, or below it if the label is long.</summary>
    private static IEnumerable<string> Entry(string label, string text)
    {
        var lines = Format.Wrap(text, Width - LabelWidth).ToList();
        var start = Indent + label;
        if (start.Length > LabelWidth - Indent.Length)
        {
            yield return start;
            start = "";
        }

        foreach (var line in lines)
        {
            yield return start.PadRight(LabelWidth) + line;
            start = "";
        }
    }

    private static string UsageOf(Command command)
    {
        var words = new List<string> { Indent + string.Join(' ', PathOf(command)) };
        if (command.Subcommands.Count > 0) words.Add(command.Action is null ? "VERB" : "[VERB]");
        words.AddRange(command.Arguments.Select(LabelOf));
        words.AddRange(command.Options.Where(option => option.Required).Select(LabelOf));
        words.Add("[options]");
        return string.Join(' ', words);
    }

    /// <summary>The words that call a verb.</summary>
    internal static IEnumerable<string> PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. PathOf(parent), command.Name] : ["dst"];

    private static IEnumerable<string> EntriesOf(IEnumerable<Option> options) =>
        options.Where(option => !option.Hidden).SelectMany(option => Entry(LabelOf(option), DescriptionOf(option)));

    private static IEnumerable<Option> InheritedOptions(Command command) =>
        command.Parents.OfType<Command>()
            .SelectMany(parent => parent.Options.Where(option => option.Recursive).Concat(InheritedOptions(parent)));

    private static string LabelOf(Argument argument)
    {
        var label = argument.HelpName + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{label}]" : label;
    }

    private static string LabelOf(Option option) => option.HelpName is null ? option.Name : $"{option.Name} <{option.HelpName}>";

    private static string DescriptionOf(Option option) => option.Required ? $"{option.Description} Required." : option.Description!;

    private static string FirstSentence(string text) =>
        text.IndexOf(". ", StringComparison.Ordinal) is >= 0 and var end ? text[..(end + 1)] : text;
}
