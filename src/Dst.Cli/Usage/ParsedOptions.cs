using System.CommandLine;

namespace Dst.Cli.Usage;

/// <summary>Which options a command line gives. One that only has its default is not given.</summary>
internal static class ParsedOptions
{
    /// <summary>Whether an option is given.</summary>
    public static bool Gives(this ParseResult arguments, Option option) => arguments.GetResult(option) is { Implicit: false };

    /// <summary>The first of some options that is given, or null.</summary>
    public static Option? FirstGiven(this ParseResult arguments, params IEnumerable<Option> options) =>
        options.FirstOrDefault(arguments.Gives);

    /// <summary>Refuses an option together with another one.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="verb">The verb in the message, such as <c>bench peers</c>.</param>
    /// <param name="option">The option.</param>
    /// <param name="others">Options that do not go with it.</param>
    /// <exception cref="InputException">Both are given.</exception>
    public static void CheckNotBoth(this ParseResult arguments, string verb, Option option, params IEnumerable<Option> others)
    {
        if (arguments.Gives(option) && arguments.FirstGiven(others) is { } other)
            throw new InputException($"{verb} has both {option.Name} and {other.Name}; one of them was expected");
    }
}
