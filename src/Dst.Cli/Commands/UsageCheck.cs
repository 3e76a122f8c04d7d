using System.CommandLine;
using System.CommandLine.Parsing;
using Dst.Foundations;

namespace Dst.Cli.Commands;

/// <summary>Turns what the parser did not understand into one sentence that names the nearest word that it would have understood.</summary>
internal static class UsageCheck
{
    /// <exception cref="InputException">The command line has a parse error or an empty argument and does not ask for help.</exception>
    public static void Check(ParseResult parsed)
    {
        var unknown = MisreadOptions(parsed).Concat(parsed.UnmatchedTokens).FirstOrDefault();
        var lonely = parsed.CommandResult.Children.OfType<OptionResult>()
            .FirstOrDefault(option => !option.Implicit && option.Tokens.Count < option.IdentifierTokenCount * option.Option.Arity.MinimumNumberOfValues);
        var isEmpty = parsed.Tokens.Any(token => token.Value.Length == 0);
        if (unknown is null && lonely is null && !isEmpty && (parsed.Errors.Count == 0 || parsed.Action is HelpWithExamples)) return;
        var command = parsed.CommandResult.Command;
        var help = string.Join(' ', PathOf(command)) + " --help";
        if (isEmpty) throw new InputException($"an argument is empty; a value was expected; see {help}");
        if (unknown is null && lonely is not null) throw new InputException($"option {lonely.Option.Name} has no value; one was expected; see {help}");
        if (unknown is null) throw new InputException($"{OnOneLine(parsed.Errors[0].Message).TrimEnd('.')}; see {help}");

        var (kind, known) = unknown.StartsWith('-') ? ("option", command.Options.Select(option => option.Name).ToArray())
            : command.Subcommands.Count > 0 ? ("verb", command.Subcommands.Select(sub => sub.Name).ToArray())
            : ("argument", []);
        var hint = known.Length > 0 ? $", did you mean '{NearestName.Of(unknown, known)}'?" : ";";
        throw new InputException($"unknown {kind} '{unknown}'{hint} see {help}");
    }

    private static string OnOneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // The parser takes a misspelt option for a file where a file may stand.
    private static IEnumerable<string> MisreadOptions(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).Where(value => value.StartsWith("--", StringComparison.Ordinal));

    private static IEnumerable<string> PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. PathOf(parent), command.Name] : ["dst"];
}
