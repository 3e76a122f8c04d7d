using System.CommandLine;
using System.CommandLine.Parsing;
using Dst.Runtime;
using Dst.Training.Networks;

namespace Dst.Cli.Commands;

/// <summary>Turns what the parser did not understand into one sentence that names the nearest word that it would have understood.</summary>
internal static class UsageCheck
{
    /// <exception cref="InputException">The command line has a parse error and does not ask for help.</exception>
    public static void Check(ParseResult parsed)
    {
        var unknown = MisreadOptions(parsed).Concat(parsed.UnmatchedTokens).FirstOrDefault();
        if (unknown is null && (parsed.Errors.Count == 0 || parsed.Action is HelpWithExamples)) return;
        var command = parsed.CommandResult.Command;
        var help = string.Join(' ', PathOf(command)) + " --help";
        if (unknown is null) throw new InputException($"{parsed.Errors[0].Message.TrimEnd('.')}; see {help}");

        var (kind, known) = unknown.StartsWith('-') ? ("option", command.Options.Select(option => option.Name).ToArray())
            : command.Subcommands.Count > 0 ? ("verb", command.Subcommands.Select(sub => sub.Name).ToArray())
            : ("argument", []);
        var hint = known.Length > 0 ? $", did you mean '{NearestName.Of(unknown, known)}'?" : ";";
        throw new InputException($"unknown {kind} '{unknown}'{hint} see {help}");
    }

    // The parser takes a misspelt option for a file where a file may stand.
    private static IEnumerable<string> MisreadOptions(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).Where(value => value.StartsWith("--", StringComparison.Ordinal));

    private static IEnumerable<string> PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. PathOf(parent), command.Name] : ["dst"];
}
