using System.Globalization;
using Dst.Foundations;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>Names of run folders, links to them, and what errors say of them.</summary>
internal static class RunPaths
{
    /// <summary>The folder of a run that begins now: <c>runs/name/yyyyMMdd-HHmmss</c>.</summary>
    public static string OfNewRun(Recipe recipe, DateTime now) =>
        Path.Combine(recipe.Runs, recipe.Name, now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));

    /// <summary>The names to try for a new folder: the first one, then it with <c>-2</c>, <c>-3</c> and so on.</summary>
    public static IEnumerable<string> Candidates(string first) =>
        Enumerable.Range(2, int.MaxValue - 2).Select(number => $"{first}-{number}").Prepend(first);

    /// <summary>Fails unless the folder <paramref name="path"/> can be made. Nothing is left of the trial.</summary>
    /// <exception cref="InputException">It cannot.</exception>
    public static void CheckCanBeMade(string path) => Guard(path, () =>
    {
        var existing = Path.GetFullPath(path);
        while (!Path.Exists(existing)) existing = Path.GetDirectoryName(existing)!;
        Directory.CreateDirectory(AtomicFile.TemporaryBeside(Path.Combine(existing, "dst"))).Delete();
    });

    /// <summary>The folder with the files of an arm that a rank makes alone, until the run has taken them over.</summary>
    public static string PartOf(string run, string arm) => Path.Combine(run, $"{arm}.part");

    /// <summary>Removes a folder of runs, and the folder around it if that is empty then.</summary>
    public static void Remove(string path)
    {
        Directory.Delete(path, recursive: true);
        if (Directory.GetParent(path) is { } parent && !parent.EnumerateFileSystemInfos().Any()) parent.Delete();
    }

    /// <summary>
    /// Lets the link <see cref="Recipe.LatestName"/> in the folder of runs point to a run, or to the set that the run is of. There is no
    /// link where links cannot be made.
    /// </summary>
    public static void PointLatest(string runs, string path)
    {
        try
        {
            path = new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
            if (RunRecipe.IsIn(Path.GetDirectoryName(path)!)) path = Path.GetDirectoryName(path)!;
            var (link, target) = (Path.Combine(runs, Recipe.LatestName), Path.GetRelativePath(runs, path));
            var earlier = new FileInfo(link).LinkTarget;
            // A run that goes on from another current folder is not runs/name/time there.
            var isElsewhere = target.Split(Path.DirectorySeparatorChar) is not [not "..", _];
            if (earlier == target || earlier is null && Path.Exists(link) || isElsewhere) return;
            if (Directory.Exists(link)) Directory.Delete(link);
            else File.Delete(link); // it points to a folder that is gone, or there is none
            Directory.CreateSymbolicLink(link, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows asks for a right to make links, and some file systems have none.
        }
    }

    /// <summary>Reads a file of a run. An error also says what to do.</summary>
    /// <param name="read">Reads the file.</param>
    /// <param name="instead">What can be done instead of putting back the file that the run wrote.</param>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static T Read<T>(Func<T> read, string instead)
    {
        try
        {
            return read();
        }
        catch (InputException e)
        {
            throw new InputException($"{e.Message}; put back the file that the run wrote, or {instead}", e);
        }
    }

    /// <inheritdoc cref="Guard{T}"/>
    public static void Guard(string path, Action work) => Guard(path, () =>
    {
        work();
        return true;
    });

    /// <summary>Runs <paramref name="work"/> and turns the system's errors into a sentence that names the folder.</summary>
    /// <exception cref="InputException">The folder cannot be read or written.</exception>
    public static T Guard<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"run folder {path} cannot be used ({e.Message.TrimEnd('.')}); "
                + "expected a writable folder with free space",
                e);
        }
    }
}
