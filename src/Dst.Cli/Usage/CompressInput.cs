using System.CommandLine;
using Dst.Foundations;
using Dst.Training.Data;

namespace Dst.Cli.Usage;

/// <summary>What <c>dst compress</c> works on: data alone, or a model and data.</summary>
internal static class CompressInput
{
    /// <summary>A model, or data.</summary>
    public static readonly Argument<string?> Source = new("source")
    {
        Description = "Model file (.safetensors), which teaches its halved self; or labelled images (a folder, a zip archive, a CIFAR "
            + "archive, an IDX file), from which a teacher and a student are trained first; or a recipe, for its data and networks.",
        HelpName = "MODEL|DATA|RECIPE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>The data of a model.</summary>
    public static readonly Option<string?> Data = SharedOptions.Text(
        "--data", "DATA|RECIPE",
        "With a model: labelled images, or the recipe or the run folder of its training, so that the test images stay the same.");

    /// <summary>The model file, or null where the source is data or a recipe.</summary>
    public static string? ModelOf(ParseResult arguments) => arguments.GetValue(Source) is { } source && IsModel(source) ? source : null;

    /// <summary>The data or the recipe; null without one, and for another verb.</summary>
    /// <exception cref="InputException">A model stands without data, or data is named twice.</exception>
    public static string? DataOf(ParseResult arguments)
    {
        if (!IsOf(arguments)) return null;
        var (source, data) = (arguments.GetValue(Source), arguments.GetValue(Data));
        if (source is not null && IsModel(source))
            return data ?? throw new InputException(
                $"compress has the model {source} and no --data; labelled images, or the recipe of its training, were expected");
        if (data is null) return source;
        throw new InputException(
            $"compress has --data {data}, and {(source is null ? "no model" : $"'{source}' is no model")}; a model file (.safetensors) was "
            + "expected, or one of them");
    }

    /// <summary>Whether the command line is that of <c>compress</c>.</summary>
    public static bool IsOf(ParseResult arguments) => arguments.CommandResult.Command.Arguments.Contains(Source);

    private static bool IsModel(string path) =>
        path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        || File.Exists(path) && !DataKinds.IsData(path) && FileKind.NameOf(path) != FileKind.Text;
}
