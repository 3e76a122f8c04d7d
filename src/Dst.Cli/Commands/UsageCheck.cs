using System.CommandLine;
using Dst.Runtime;
using Dst.Training.Networks;

namespace Dst.Cli.Commands;

/// <summary>Turns what the parser did not understand into one sentence that names the nearest word that it would have.</summary>
internal static class UsageCheck
{
    /// <exception cref="InputException">The command line has a parse error and does not ask for help.</exception>
    public static void Check(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.Count == 0 && (parsed.Errors.Count == 0 || parsed.Action is HelpWithExamples)) return;
        var command = parsed.CommandResult.Command;
        var help = string.Join(' ', PathOf(command)) + " --help";
        if (parsed.UnmatchedTokens.Count == 0) throw new InputException($"{parsed.Errors[0].Message.TrimEnd('.')}; see {help}");

        var word = parsed.UnmatchedTokens[0];
        var (kind, known) = word.StartsWith('-') ? ("option", command.Options.Select(option => option.Name).ToArray())
            : command.Subcommands.Count > 0 ? ("verb", command.Subcommands.Select(sub => sub.Name).ToArray())
            : ("argument", []);
        var hint = known.Length > 0 ? $", did you mean '{NearestName.Of(word, known)}'?" : ";";
        throw new InputException($"unknown {kind} '{word}'{hint} see {help}");
    }

    private static IEnumerable<string> PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? [.. PathOf(parent), command.Name] : ["dst"];
}
