using System.CommandLine;
using System.CommandLine.Parsing;
using Dst.Foundations;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Usage;

/// <summary>Turns what the parser did not understand into one sentence that says what was probably meant.</summary>
internal static class UsageCheck
{
    /// <exception cref="InputException">The command line has a parse error or an empty argument and does not ask for help.</exception>
    public static void Check(ParseResult parsed)
    {
        var unknown = MisreadOptions(parsed).Concat(parsed.UnmatchedTokens).FirstOrDefault();
        var lonely = parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(option => !option.Implicit)
            .FirstOrDefault(option => option.Tokens.Count < option.IdentifierTokenCount * option.Option.Arity.MinimumNumberOfValues);
        var isEmpty = parsed.Tokens.Any(token => token.Value.Length == 0);
        if (unknown is null && lonely is null && !isEmpty && (parsed.Errors.Count == 0 || parsed.Action is Help)) return;
        var command = parsed.CommandResult.Command;
        var problem = isEmpty ? "an argument is empty; a value was expected"
            : unknown is not null ? DescribeUnknown(unknown, parsed)
            : lonely is not null ? $"option {lonely.Option.Name} has no value; one was expected"
            : OnOneLine(parsed.Errors[0].Message).TrimEnd('.');
        throw new InputException($"{problem}{(problem.EndsWith('?') ? "" : ";")} see {string.Join(' ', Help.PathOf(command))} --help");
    }

    private static string DescribeUnknown(string word, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (word.StartsWith('-')) return $"unknown option '{word}'{HintOfOption(word, command)}";
        if (command.Subcommands.Count == 0) return $"unknown argument '{word}'{HintOfArgument(word, parsed)}";
        var verbs = command.Subcommands.Select(verb => verb.Name).ToList();
        var hint = NearestName.Find(word, verbs) is { } near ? $", did you mean '{near}'?" : $"; expected {string.Join(", ", verbs)}";
        return $"unknown verb '{word}'{hint}";
    }

    // Data stand alone in compress, but not beside a model.
    private static string HintOfArgument(string word, ParseResult parsed) =>
        CompressInput.IsOf(parsed) && CompressInput.ModelOf(parsed) is not null
            ? $", did you mean '{CompressInput.Data.Name} {ShellText.Quote(word)}'?"
            : "";

    private static string HintOfOption(string word, Command command)
    {
        var name = word.TrimStart('-');
        if (command.Arguments.FirstOrDefault(argument => argument.Name == name) is { } argument)
            return $"; {argument.HelpName} stands alone, without {word}";
        if (command.Options.Contains(RecipeOptions.Set) && KeyNamed(name.Replace('-', '_')) is { } key)
            return $", did you mean '--set {key}=VALUE'?";
        return NearestName.Find(name, command.Options.Select(option => option.Name.TrimStart('-'))) is { } near
            ? $", did you mean '--{near}'?"
            : "";
    }

    /// <summary>The least nested key of a recipe whose last part is <paramref name="name"/>, or null.</summary>
    private static string? KeyNamed(string name) =>
        RecipeFile.Describe().Select(key => key.Path)
            .Where(path => path == name || path.EndsWith($".{name}", StringComparison.Ordinal))
            .MinBy(path => path.Count(c => c == '.'));

    private static string OnOneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // The parser takes a misspelt option for a file where a file may stand.
    private static IEnumerable<string> MisreadOptions(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .Where(value => value.StartsWith("--", StringComparison.Ordinal));
}
