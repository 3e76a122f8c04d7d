using System.CommandLine;
using Dst.Runtime;

namespace Dst.Cli.Commands;

/// <summary>Turns what the parser did not understand into one sentence that names the nearest word that it would have.</summary>
internal static class UsageCheck
{
    /// <exception cref="InputException">The command line has a parse error and does not ask for help.</exception>
    public static void Check(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.Count == 0 && (parsed.Errors.Count == 0 || parsed.Action is HelpWithExamples)) return;
        var command = parsed.CommandResult.Command;
        var isRoot = command is RootCommand;
        var help = isRoot ? "see dst --help" : $"see dst {command.Name} --help";
        if (parsed.UnmatchedTokens.Count == 0) throw new InputException($"{parsed.Errors[0].Message.TrimEnd('.')}; {help}");

        var word = parsed.UnmatchedTokens[0];
        var isOption = word.StartsWith('-');
        var known = isOption ? OptionNames(command) : command.Subcommands.Select(sub => sub.Name);
        var kind = isOption ? "option" : command.Subcommands.Count > 0 ? "verb" : "argument";
        var place = isRoot ? "dst" : $"dst {command.Name}";
        throw new InputException($"'{word}' is not {(kind == "verb" ? "a" : "an")} {kind} of {place}{Nearest(word, known)}; {help}");
    }

    private static IEnumerable<string> OptionNames(Command command) =>
        command.Options.SelectMany(option => option.Aliases.Append(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal));

    private static string Nearest(string word, IEnumerable<string> known) => "";
}
