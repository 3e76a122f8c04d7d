using System.CommandLine;
using System.CommandLine.Parsing;
using Dst.Foundations;

namespace Dst.Cli.Actions;

/// <summary>Finds what would stop a result from being written, before the work is done.</summary>
internal static class OutputPath
{
    /// <summary>Checks the file that an option names, if the option is there.</summary>
    /// <exception cref="InputException">
    /// The file stands elsewhere on the command line too, is not a regular file, or is in a folder that does not exist.
    /// </exception>
    public static void Check(ParseResult arguments, Option<string?> option)
    {
        if (arguments.GetValue(option) is not { } path) return;
        if (Directory.Exists(path)) throw new InputException($"{option.Name} {path} is a folder; a file was expected");
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            throw new InputException($"{option.Name} {path} is in a folder that does not exist; a file in an existing folder was expected");
        var named = arguments.Tokens.Where(token => token.Type == TokenType.Argument).Select(token => WithoutLinks(token.Value));
        if (File.Exists(path) && named.Count(file => file == WithoutLinks(path)) > 1)
            throw new InputException(
                $"{option.Name} {path} is a file that this command reads; another file was expected, because the old one would be lost");
        AtomicFile.CheckReplaceable(path);
    }

    private static string WithoutLinks(string path)
    {
        var full = Path.GetFullPath(path);
        if (Path.GetDirectoryName(full) is not { } folder) return full;
        var here = Path.Combine(WithoutLinks(folder), Path.GetFileName(full));
        if (new FileInfo(here).LinkTarget is null) return here;
        var target = InputFile.Guard(path, () => File.ResolveLinkTarget(here, returnFinalTarget: true));
        return target is null ? here : WithoutLinks(target.FullName);
    }
}
