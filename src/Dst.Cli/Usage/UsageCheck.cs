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
        var problem = FindMistake(parsed);
        if (parsed.Action is not Help) problem ??= FindMissing(parsed) ?? (parsed.Errors is [var error, ..] ? error.Message : null);
        if (problem is null) return;
        var command = string.Join(' ', Help.PathOf(parsed.CommandResult.Command));
        throw new InputException($"{problem}{(problem.EndsWith('?') ? "" : ";")} see {command} --help");
    }

    /// <summary>What is wrong with a word of the command line, also where it asks for help.</summary>
    private static string? FindMistake(ParseResult parsed)
    {
        if (parsed.Tokens.Any(token => token.Value.Length == 0)) return "an argument is empty; a value was expected";
        if (MisreadOptions(parsed).Concat(parsed.UnmatchedTokens).FirstOrDefault() is { } unknown) return DescribeUnknown(unknown, parsed);
        return parsed.CommandResult.Children.OfType<OptionResult>().Where(option => !option.Implicit).Select(DescribeValues)
            .FirstOrDefault(problem => problem is not null);
    }

    /// <summary>What is wrong with the number of values of an option, or null.</summary>
    private static string? DescribeValues(OptionResult result)
    {
        var (name, arity, times, count) = (result.Option.Name, result.Option.Arity, result.IdentifierTokenCount, result.Tokens.Count);
        var (min, max) = (arity.MinimumNumberOfValues, arity.MaximumNumberOfValues);
        if (times > 1 && Math.Max(count, times * min) > max) return $"option {name} is given {times} times; once was expected";
        if (count >= times * min) return null;
        if (min == 1) return $"option {name} has no value; one was expected";
        return $"option {name} has {Phrases.Count(count, "value")}; {min} were expected, {result.Option.HelpName}";
    }

    /// <summary>Arguments and options that a verb must have and that are not given, or null.</summary>
    private static string? FindMissing(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var verb = string.Join(' ', Help.PathOf(command).Skip(1));
        if (command is { Action: null, Subcommands.Count: > 0 })
            return $"{verb} has no verb; {Phrases.Choice([.. command.Subcommands.Select(sub => sub.Name)])} was expected";
        var arguments = command.Arguments.Where(
            argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 });
        var options = command.Options.Where(option => option.Required && parsed.GetResult(option) is not { Implicit: false });
        string[] missing =
        [
            .. arguments.Select(argument => argument.HelpName!), .. options.Select(option => $"{option.Name} {option.HelpName}"),
        ];
        return missing.Length == 0 ? null
            : $"{verb} has no {string.Join(" and no ", missing)}; {(missing.Length == 1 ? "one" : "each")} was expected";
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

    // The parser takes a misspelt option for a file where a file may stand.
    private static IEnumerable<string> MisreadOptions(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .Where(value => value.StartsWith("--", StringComparison.Ordinal));
}
