using System.CommandLine;
using System.CommandLine.Parsing;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Images;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Actions;

/// <summary>Finds what would stop a result from being written, before the work is done.</summary>
internal static class OutputPath
{
    // What no verb reads in a folder of images.
    private static readonly string[] NotImages = [".html", ".npy", ".csv", ".json", ".safetensors", ".onnx"];

    /// <summary>Checks the file that an option names, if the option is there.</summary>
    /// <exception cref="InputException">
    /// The command may read the file, a run has made it, or it is not a regular file or in a folder that does not exist.
    /// </exception>
    public static void Check(ParseResult arguments, Option<string?> option)
    {
        if (arguments.GetValue(option) is not { } path) return;
        if (Directory.Exists(path)) throw new InputException($"{option.Name} {path} is a folder; a file was expected");
        if (!Directory.Exists(FolderOf(path)))
            throw new InputException($"{option.Name} {path} is in a folder that does not exist; a file in an existing folder was expected");
        if (File.Exists(path)) CheckIsNotNeeded(arguments, option.Name, path);
        else if (ImageFile.HasImageName(path)) CheckIsNoData(arguments, option.Name, path);
        AtomicFile.CheckReplaceable(path);
    }

    /// <summary>Checks the picture that an option names, if the option is there: only PNG is written.</summary>
    /// <exception cref="InputException">It is named as another format, or as <see cref="Check"/>.</exception>
    public static void CheckPicture(ParseResult arguments, Option<string?> option)
    {
        if (arguments.GetValue(option) is { } path && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            throw new InputException($"{option.Name} {path} is not named as a PNG, which it would be; {Path.ChangeExtension(path, ".png")} "
                + "was expected");
        Check(arguments, option);
    }

    private static void CheckIsNotNeeded(ParseResult arguments, string option, string path)
    {
        if (IsOfRun(path))
            throw new InputException($"{option} {path} is a file of a run; another file was expected, because the run would lose its own");
        var named = PathsOf(arguments).ToList();
        var folder = IsReadInFolders(path) ? named.Find(name => Directory.Exists(name) && Holds(name, path)) : null;
        // The option's own value is one of the names.
        if (folder is null && named.Count(name => WithoutLinks(name) == WithoutLinks(path)) == 1) return;
        throw new InputException(
            $"{option} {path} is a file that this command reads{(folder is null ? "" : $" in the folder {folder}")}; another file was "
            + "expected, because the old one would be lost");
    }

    /// <summary>
    /// A picture in the folder of a class, or anywhere among unlabelled images, would be one of them from then on. Beside the folders of
    /// classes none is read.
    /// </summary>
    private static void CheckIsNoData(ParseResult arguments, string option, string path)
    {
        var unlabelled = RecipeOf(arguments)?.Data.Unlabelled;
        var folder = PathsOf(arguments).FirstOrDefault(
            name => Directory.Exists(name) && !RunRecipe.IsIn(name) && Holds(name, name == unlabelled ? path : FolderOf(path)));
        if (folder is not null)
            throw new InputException(
                $"{option} {path} is in the folder {folder}, whose images this command reads; a file elsewhere was expected, because it "
                + "would be one of them");
    }

    private static bool IsOfRun(string path) => RunFolder.IsOwnFile(Path.GetFileName(path))
        && RunRecipe.FolderOf(Path.Combine(FolderOf(path), RunRecipe.FileName)) is not null;

    private static bool IsReadInFolders(string path) =>
        !RunRecipe.IsIn(FolderOf(path)) && !NotImages.Contains(Path.GetExtension(path).ToLowerInvariant());

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    /// <summary>What may be a path on the command line, and the paths of the recipe.</summary>
    private static IEnumerable<string> PathsOf(ParseResult arguments)
    {
        var words = arguments.Tokens.Where(token => token is { Type: TokenType.Argument, Value.Length: > 0 }).Select(token => token.Value);
        if (RecipeOf(arguments) is not { } recipe) return words;
        string?[] paths = [recipe.Data.Path, recipe.Data.Unlabelled, .. recipe.ModelFiles.Select(file => file.Path)];
        return words.Concat(paths.OfType<string>().Where(path => path.Length > 0));
    }

    private static Recipe? RecipeOf(ParseResult arguments) =>
        arguments.CommandResult.Command.Arguments.Contains(RecipeOptions.File) ? RecipeInput.Load(arguments, log: null) : null;

    // A class of a data folder may be a link to another folder, and the data folder too.
    private static bool Holds(string folder, string file) =>
        IsBelow(Path.GetFullPath(folder), Path.GetFullPath(file)) || IsBelow(WithoutLinks(folder), WithoutLinks(file));

    private static bool IsBelow(string folder, string file) =>
        file.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

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
